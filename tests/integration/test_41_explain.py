"""What was decided about a client can be told afterwards: who was asked, what was sent, what OpenVPN made of it."""

import json

from harness.client_management import CHALLENGE
from harness.judges import ALLOW, judge, remote
from harness.policy_server import NEVER
from harness.world import World


def test_explain_tells_the_whole_story(world: World, judge_kind: str) -> None:
    server = world.server()
    address = server.subnet.host(77)
    config = {
        "ifconfig_push": {"local": address, "remote_or_netmask": server.subnet.netmask},
        "push_options": ["auth-token hunter2"],
    }
    verdicts = {"alice": {"allow": config}, "bob": {"deny": {"reason": "not today"}}}
    broker = world.broker(server, judge(judge_kind, world, verdicts))
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    world.client(server, "bob")
    broker.wait_decision("bob")

    text = broker.ctl("explain", "--cn", "alice").stdout

    assert f"ifconfig-push {address} {server.subnet.netmask}" in text
    assert "client-auth " in text
    assert "WRITTEN: client-auth command succeeded" in text
    assert "VERIFIED" in text
    assert f"wanted {address}, got {address}" in text
    assert "hunter2" not in text and "auth-token [hidden]" in text
    uid = broker.session_of("alice").uid
    told = json.loads(broker.ctl("explain", uid, "-o", "json").stdout)
    (decision,) = told["decisions"]
    assert (decision["result"], decision["outcome"]) == ("ALLOWED", "VERIFIED")
    assert decision["attempts"][0]["result"] == "ALLOW"

    listed = json.loads(broker.ctl("decisions", "--result", "denied", "-o", "json").stdout)
    assert {each["common_name"] for each in listed["decisions"]} == {"bob"}
    assert listed["decisions"][0]["detail"] == "not today"


def test_explain_shows_attempts_without_reply(world: World) -> None:
    server = world.server()
    policy = remote(world, {})
    policy.decide = lambda _request: NEVER
    decision = {"timeout": "1s", "attempt_timeout": "500ms"}
    broker = world.broker(server, policy, decision=decision)
    world.client(server, "alice")
    broker.wait_decision("alice")

    # More than one: on a slow machine the refused client has come back by now.
    text = broker.ctl("explain", "--cn", "alice", "--limit", "5").stdout

    assert "no reply" in text
    assert "TIMEOUT" in text
    assert "FAILURE_RULE" in text


def test_explain_shows_a_decision_that_waits_for_its_client(world: World) -> None:
    server = world.server()
    policy = remote(world, {})
    policy.hello_ack["capabilities"] = ["CAPABILITY_PENDING_AUTH"]
    question = {"pending_auth": {"challenge_text": "The code from your card"}}
    policy.decide = lambda request: question if request.round == 0 else ALLOW
    broker = world.broker(server, policy)
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    user.wait_for(CHALLENGE)

    text = broker.ctl("explain", "--cn", "alice").stdout
    assert "PENDING_AUTH at +" in text
    assert "OPEN: waits for the client, for " in text
    assert 'client-pending-auth 0 1 "CR_TEXT:R:[hidden]" ' in text
    assert "said nothing" not in text and "card" not in text
    (waiting,) = json.loads(broker.ctl("decisions", "--open", "-o", "json").stdout)["decisions"]
    assert (waiting["result"], waiting["common_name"]) == ("OPEN", "alice")
    shown = broker.ctl("decisions", "show", waiting["id"]).stdout
    assert "waits for the client" in shown

    user.answer_challenge("271828")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    text = broker.ctl("explain", "--cn", "alice").stdout
    assert "asked again" in text and "271828" not in text
    assert text.index("client-pending-auth") < text.index("client-auth")
    assert "ALLOWED" in text and "OPEN" not in text


def test_explain_shows_a_decision_that_waits_for_its_policy(world: World) -> None:
    server = world.server()
    policy = remote(world, {})
    policy.decide = lambda _request: NEVER
    broker = world.broker(server, policy, decision={"timeout": "15s", "attempt_timeout": "10s"})
    world.client(server, "alice")
    policy.request_for("alice")

    text = broker.ctl("explain", "--cn", "alice").stdout

    assert "no reply yet" in text
    assert "OPEN: waits for the policy, for " in text
