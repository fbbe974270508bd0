"""The programs of docs/policy-guide.md keep the contract, give the verdicts that the guide shows, and do what it says."""

import base64
import json
import os
import re
import shlex
import subprocess
import urllib.error
import urllib.request

import grpc
import guide
import pytest
from broker_side import EPOCH, BrokerSide


@pytest.mark.parametrize("name", guide.EXAMPLES)
def test_example_keeps_the_contract_and_its_cases(name, example, policy_check) -> None:
    checked = example(name).check(policy_check)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for case in guide.CASES.get(name, "").splitlines():
        if case.startswith("  - name: "):
            title = case.removeprefix("  - name: ")
            assert f"ok    case: {title} (" in checked.stdout, f"{title} was not checked"


def test_guide_has_the_examples_that_the_tests_below_need() -> None:
    assert guide.FIRST in guide.PROGRAMS and guide.FRAME in guide.PROGRAMS
    assert len(guide.EXAMPLES) >= 13


def test_question_is_put_and_its_answer_judged(example) -> None:
    address = example("question.py").address
    with BrokerSide(address, ["PENDING_AUTH"]) as broker:
        for code, verdict in ((b"271828", "allow"), (b"314159", "deny")):
            broker.ask(code.decode(), "alice", pending_auth_methods=["crtext"])
            step = broker.verdict(code.decode()).pending_auth
            assert step.challenge_text == "Your code, please"
            answer = {"challenge_response": base64.b64encode(code)}
            more = {"kind": "KIND_CHALLENGE_RESPONSE", "round": 1, "credentials": answer}
            broker.ask(code.decode(), "alice", **more)
            assert broker.verdict(code.decode()).WhichOneof("verdict") == verdict
        for broken in (b"", b"=", b"\xff"):
            more = {"kind": "KIND_CHALLENGE_RESPONSE", "round": 1}
            broker.ask("broken", "alice", credentials={"challenge_response": broken}, **more)
            assert broker.verdict("broken").HasField("deny")
        broker.ask("mute", "alice", pending_auth_methods=["webauth"])
        assert broker.verdict("mute").HasField("deny")


def post(address: str) -> int:
    try:
        with urllib.request.urlopen(address, data=b"", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_page_brings_the_verdict_once(example) -> None:
    address = example("page.py").address
    with BrokerSide(address, ["PENDING_AUTH"]) as broker:
        broker.ask("one", "alice", pending_auth_methods=["webauth"])
        page = broker.verdict("one").pending_auth.web_auth_url
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert b"button" in answer.read()
        assert post(page) == 200
        assert broker.verdict("one").HasField("allow")
        assert post(page) == 404

        broker.ask("two", "alice", pending_auth_methods=["openurl"])
        page = broker.verdict("two").pending_auth.web_auth_url
        broker.send(decision_cancellation={"decision_id": "two", "reason": "REASON_CLIENT_GONE"})
        broker.send(heartbeat={"sequence": 1})
        broker.next("heartbeat")
        assert post(page) == 404


def test_password_brings_a_question_and_its_answer_lets_in_once_it_was_asked(example) -> None:
    address = example("second_factor.py").address
    with BrokerSide(address, ["PASSWORD"]) as broker:

        def log_in(decision_id: str, user: bytes, password: bytes):
            broker.ask(decision_id, "-", credentials={"username": user, "password": password})
            return broker.verdict(decision_id)

        state = log_in("one", b"alice", b"sesame").deny.challenge.state_id.encode()
        answer = b"CRV1::" + state + b"::271828"
        assert log_in("two", b"alice", answer).HasField("allow")
        assert log_in("three", b"mallory", answer).HasField("deny")
        assert log_in("four", b"alice", b"CRV1::" + state + b"::0").HasField("deny")


@pytest.mark.parametrize(
    ("state", "password", "verdict"),
    [
        ("INITIAL", b"sesame", "allow"),
        ("INITIAL", b"wrong", "deny"),
        ("AUTHENTICATED", None, "allow"),
        ("EXPIRED", None, "deny"),
        ("INVALID", b"sesame", "deny"),
    ],
)
def test_token_counts_by_its_state(example, state, password, verdict) -> None:
    with BrokerSide(example("tokens.py").address, ["PASSWORD"]) as broker:
        credentials = {"username": b"alice"} | ({"password": password} if password else {})
        broker.ask("one", "alice", token_state=f"TOKEN_STATE_{state}", credentials=credentials)
        assert broker.verdict("one").WhichOneof("verdict") == verdict


def test_more_time_is_asked_for_and_others_do_not_wait(example) -> None:
    with BrokerSide(example("slow.py").address, ["DEADLINE_EXTENSION"]) as broker:
        broker.ask("guest", "guest-alice")
        extension = broker.next("deadline_extension")
        assert (extension.decision_id, extension.timeout.seconds) == ("guest", 20)
        broker.ask("staff", "bob")
        assert broker.verdict("staff").HasField("allow")
        assert broker.verdict("guest").HasField("allow")


def test_directives_are_sent_only_when_the_capability_is_on(example) -> None:
    address = example("directives.py").address
    for offered, expected in (["RAW_DIRECTIVES"], ["max-routes-per-client 64"]), ([], []):
        with BrokerSide(address, offered) as broker:
            broker.ask("one", "alice")
            assert list(broker.verdict("one").allow.config.raw_directives) == expected


def test_cursor_is_kept_with_the_table_and_given_to_the_next_stream(example, tmp_path) -> None:
    table = tmp_path / "sessions.json"
    offered = ["SESSION_EVENTS", "EVENT_REPLAY"]

    def settled(broker: BrokerSide) -> dict:
        broker.send(heartbeat={"sequence": 1})
        broker.next("heartbeat")  # what was sent before it has been taken in
        return json.loads(table.read_text())

    policy = example("events.py", str(table))
    with BrokerSide(policy.address, offered) as broker:
        assert not broker.ack.HasField("resume_from")
        broker.event("SNAPSHOT", uid="a", username="alice")
        broker.event("SNAPSHOT_COMPLETE", 7)
        broker.event("ESTABLISHED", 8, uid="b", username="bob")
        assert settled(broker)["sessions"] == {"a": "alice", "b": "bob"}
    policy.stop()

    policy = example("events.py", str(table))
    with BrokerSide(policy.address, offered) as broker:
        assert broker.ack.resume_from.broker_epoch == EPOCH
        assert broker.ack.resume_from.sequence == 8
        broker.event("DISCONNECTED", 9, uid="a", username="alice", received_bytes=3, sent_bytes=4)
        assert settled(broker)["sessions"] == {"b": "bob"}
        assert "a ended after 7 bytes" in policy.printed()
        broker.event("CURSOR_LOST")
        broker.event("SNAPSHOT", uid="c", username="carol")
        broker.event("SNAPSHOT_COMPLETE", 20)
        assert settled(broker)["sessions"] == {"c": "carol"}


def test_closed_account_that_is_in_is_ended_by_command(example) -> None:
    policy = example("closing.py")
    with BrokerSide(policy.address, ["SESSION_EVENTS", "COMMANDS"]) as broker:
        broker.event("ESTABLISHED", 1, uid="a", username="alice")
        broker.event("ESTABLISHED", 2, uid="m", username="mallory")
        command = broker.next("command")
        assert command.command_id == "close-m"
        assert command.kill_session.session_uid == "m"
        status = {"code": grpc.StatusCode.NOT_FOUND.value[0], "message": "no such session"}
        broker.send(command_result={"command_id": "close-m", "status": status})
        policy.wait(lambda: "close-m: no such session" in policy.printed(), "line")
    with BrokerSide(policy.address, ["SESSION_EVENTS"]) as broker:
        broker.event("ESTABLISHED", 1, uid="m", username="mallory")
        broker.send(heartbeat={"sequence": 1})
        broker.next("heartbeat")


def test_session_over_its_quota_is_ended_by_command(example) -> None:
    with BrokerSide(
        example("quota.py", QUOTA_BYTES="1000").address,
        ["SESSION_EVENTS", "SESSION_TRAFFIC", "COMMANDS"],
    ) as broker:
        broker.event("TRAFFIC", uid="a", received_bytes=500, sent_bytes=500)
        broker.event("TRAFFIC", uid="b", received_bytes=500, sent_bytes=501)
        assert broker.next("command").kill_session.session_uid == "b"


def test_refused_field_is_told(example) -> None:
    from google.rpc import error_details_pb2

    policy = example("outcomes.py")
    with BrokerSide(policy.address, []) as broker:
        broker.ask("one", "alice")
        broker.verdict("one")
        refused = error_details_pb2.BadRequest()
        refused.field_violations.add(field="allow.config.dns[0]", description="not an address")
        outcome = {"decision_id": "one", "result": "RESULT_REJECTED", "status": {"code": 3}}
        broker.send(decision_outcome=outcome | {"status": status_with(refused)})
        policy.wait(lambda: "allow.config.dns[0]: not an address" in policy.printed(), "line")


def status_with(detail):
    from google.rpc import status_pb2

    status = status_pb2.Status(code=3)
    status.details.add().Pack(detail)
    return status


def test_policy_that_is_told_to_stop_drains_first(example) -> None:
    policy = example("leaving.py")
    with BrokerSide(policy.address, []) as broker:
        policy.terminate()
        assert broker.next("drain").reason == "new version"
        broker.ask("still open", "alice")
        assert broker.verdict("still open").HasField("allow")
        assert broker.ended_well()
    assert policy.process.wait(timeout=20) == 0


def test_dry_runs_are_not_counted(example) -> None:
    with BrokerSide(example("counting.py").address, ["DRY_RUN"]) as broker:
        for number in range(100):
            broker.ask(f"real-{number}", "alice", dry_run=False)
            assert broker.verdict(f"real-{number}").HasField("allow")
            broker.ask(f"dry-{number}", "bob", dry_run=True)
            assert broker.verdict(f"dry-{number}").HasField("allow")
        for name, verdict in (("alice", "deny"), ("bob", "allow")):
            broker.ask(name, name)
            assert broker.verdict(name).HasField(verdict)


def test_simulators_command_is_answered_by_the_first_program(example) -> None:
    (line,) = re.findall(r"^    ovpn-policy-sim (--policy .*)$", guide.GUIDE.read_text(), re.M)
    policy = example(guide.FIRST)
    words = shlex.split(line.replace(guide.PRINTED_ADDRESS, policy.address))
    program, broker = os.environ["OVPNBROKER_POLICY_SIM"], os.environ["OVPNBROKER_BROKERD"]
    run = subprocess.run(
        [program, *words, "--broker", broker], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1000 allowed, 0 denied, 0 unanswered" in run.stdout
