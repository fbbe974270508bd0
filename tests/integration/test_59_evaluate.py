"""A policy is asked about a client that is only described: without any effect, or not at all."""

from typing import Any

from harness.admin_calls import call, refusal
from harness.example_policy import ExamplePolicy, skip_without
from harness.judges import allow_all
from harness.policy_server import NEVER
from harness.world import World

DRY_RUN = "CAPABILITY_DRY_RUN"
PASSWORD = "correct horse battery"
EVALUATE = ("policies", "evaluate", "--instance", "office", "--user", "alice")
NOT_SEEN = "  the policy did not see the password: "
NOT_GRANTED = f"{NOT_SEEN}set `grant_password: true` at policy judge in the broker's configuration"


def example(world: World, language: str, *options: str) -> ExamplePolicy:
    policy = ExamplePolicy(language, world.folder, *options)
    world.open_files.append(policy)
    return policy


def ready_broker(world: World, policy: Any, **options: Any) -> Any:
    broker = world.broker(world.server(), policy, **options)
    broker.wait_log("POLICY_STREAM_READY")
    return broker


def evaluate(broker: Any, name: str) -> Any:
    return call(
        broker, "PolicyAdminService", "EvaluateDecision", instance="office", common_name=name
    )


def counted(broker: Any) -> int:
    decisions = call(broker, "BrokerService", "GetBroker").broker.decisions
    return sum(value for _field, value in decisions.ListFields())


def test_rules_are_asked_about_a_described_client(world: World) -> None:
    rules = world.rules_file([{"match": {"common_name": "alice"}, "allow": {}}])
    broker = world.broker(world.server(), rules)
    alice, bob = evaluate(broker, "alice"), evaluate(broker, "bob")
    assert (alice.result, bob.result) == (alice.RESULT_ALLOW, bob.RESULT_DENY)
    assert bob.detail == "no rule matches"
    assert counted(broker) == 0


def test_python_example_is_asked_about_a_described_client(world: World) -> None:
    broker = ready_broker(world, example(world, "python"))

    allowed = broker.ctl("policies", "evaluate", "--instance", "office", "--user", "alice")
    assert allowed.returncode == 0, allowed.stderr
    # It looks at no password and was granted none, so one changes nothing but that this is told.
    typed = broker.ctl(*EVALUATE, "--password-stdin", typed=f"{PASSWORD}\n")
    headline, told, *rest = typed.stdout.splitlines()
    assert [headline, *rest] == allowed.stdout.splitlines()
    assert told == NOT_GRANTED
    assert allowed.stdout.startswith("ALLOW by judge\n")
    assert 'push "route ' in allowed.stdout and "groups: " in allowed.stdout
    closed = broker.ctl(
        "policies", "evaluate", "--instance", "office", "--user", "bob", check=False
    )
    assert closed.returncode == 1
    assert "the client reads: Your account is closed. Call the help desk." in closed.stdout
    assert counted(broker) == 0
    assert not broker.logged("DECISION_ALLOWED") and not broker.logged("DECISION_DENIED")
    listed = call(broker, "DecisionService", "ListDecisions")
    assert not listed.decisions


def test_node_example_is_asked_about_a_described_client(world: World) -> None:
    skip_without("npm")
    broker = ready_broker(world, example(world, "node"))
    described = ["policies", "evaluate", "--instance", "office"]
    assert broker.ctl(*described, "--user", "alice").stdout.startswith("ALLOW by judge\n")
    nameless = broker.ctl(*described, check=False)
    assert nameless.returncode == 1
    assert "DENY by judge: the client has no name" in nameless.stdout
    assert counted(broker) == 0


def test_go_example_is_asked_about_a_described_client(world: World) -> None:
    skip_without("go", "protoc-gen-go", "protoc-gen-go-grpc")
    broker = ready_broker(world, example(world, "go"))
    asked = broker.ctl(
        *("policies", "evaluate", "--instance", "office", "--cn", "alice"),
        *("--env", "IV_SSO=crtext"),
        check=False,
    )
    assert asked.returncode == 1
    assert asked.stdout.splitlines() == [
        "PENDING by judge",
        "  the client is asked (CR_TEXT): Your one-time code",
        "  its answer is shown",
        "  it has as long as OpenVPN grants",
    ]
    mute = broker.ctl("policies", "evaluate", "--instance", "office", "--cn", "alice", check=False)
    assert "does not support" in mute.stdout
    assert counted(broker) == 0


def test_policy_that_knows_dry_runs_is_told_and_hears_no_outcome(world: World) -> None:
    policy = world.policy(allow_all)
    policy.hello_ack["capabilities"] = [DRY_RUN]
    server = world.server()
    broker = world.broker(server, policy)
    broker.wait_log("POLICY_STREAM_READY")
    assert evaluate(broker, "alice").result == evaluate(broker, "alice").RESULT_ALLOW
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")

    requests = policy.requests.all()
    assert [request.dry_run for request in requests] == [True, True, False]
    assert {outcome.decision_id for outcome in policy.outcomes.all()} == {requests[2].decision_id}
    assert not requests[0].session.uid and not requests[0].HasField("credentials")


def checks_password(request: Any) -> dict[str, Any]:
    right = request.credentials.password == PASSWORD.encode()
    return {"allow": {}} if right else {"deny": {"reason": "wrong password"}}


def test_password_reaches_a_policy_that_is_granted_it_and_no_log(world: World) -> None:
    policy = world.policy(checks_password)
    policy.hello_ack["capabilities"] = [DRY_RUN, "CAPABILITY_PASSWORD"]
    broker = ready_broker(world, policy, remote={"grant_password": True})

    def evaluate_typed(typed: str) -> Any:
        return broker.ctl(*EVALUATE, "--password-stdin", check=False, typed=typed)

    assert evaluate_typed(f"{PASSWORD}\n").stdout == "ALLOW by judge\n"
    assert "wrong password" in evaluate_typed("guess\n").stdout
    assert "wrong password" in broker.ctl(*EVALUATE, check=False).stdout
    nothing = evaluate_typed("")
    assert nothing.returncode == 2 and "no line with a password" in nothing.stderr
    nameless = broker.ctl(
        *("policies", "evaluate", "--instance", "office", "--password-stdin"),
        check=False,
        typed=f"{PASSWORD}\n",
    )
    assert nameless.returncode == 2 and "--user" in nameless.stderr
    # As an admin method it leaves its audit records.
    assert len(broker.logged("AUDIT")) == 3
    assert PASSWORD not in (broker.folder / "broker.log").read_text()


def test_password_is_not_sent_without_the_grant(world: World) -> None:
    policy = world.policy(checks_password)
    policy.hello_ack["capabilities"] = [DRY_RUN]
    broker = ready_broker(world, policy)
    typed = broker.ctl(*EVALUATE, "--password-stdin", check=False, typed=f"{PASSWORD}\n")
    assert not policy.requests.all()[0].HasField("credentials")
    assert NOT_GRANTED in typed.stdout.splitlines()


def test_password_that_the_policy_does_not_ask_for_is_told(world: World) -> None:
    policy = world.policy(checks_password)
    policy.hello_ack["capabilities"] = [DRY_RUN]
    broker = ready_broker(world, policy, remote={"grant_password": True})
    typed = broker.ctl(*EVALUATE, "--password-stdin", check=False, typed=f"{PASSWORD}\n")
    assert not policy.requests.all()[0].HasField("credentials")
    remedy = f"{NOT_SEEN}switch on CAPABILITY_PASSWORD in policy judge"
    assert remedy in typed.stdout.splitlines()


def test_password_given_to_rules_is_told(world: World) -> None:
    rules = world.rules_file([{"match": {"username": "alice"}, "allow": {}}])
    broker = world.broker(world.server(), rules)
    typed = broker.ctl(*EVALUATE, "--password-stdin", typed=f"{PASSWORD}\n")
    told = f"{NOT_SEEN}embedded rules check none; checking one takes a remote policy"
    assert typed.stdout.splitlines()[:2] == ["ALLOW by judge", told]


def test_page_that_the_client_cannot_open_is_told_as_to_a_real_one(world: World) -> None:
    policy = world.policy(lambda _request: {"pending_auth": {"web_auth_url": "https://sso/7"}})
    policy.hello_ack["capabilities"] = [DRY_RUN, "CAPABILITY_PENDING_AUTH"]
    server = world.server()
    broker = world.broker(server, policy)
    broker.wait_log("POLICY_STREAM_READY")
    evaluated = broker.ctl(*EVALUATE, "--env", "IV_SSO=crtext", check=False)
    assert evaluated.returncode == 1
    (told,) = evaluated.stdout.splitlines()
    field, description = told.removeprefix("FAILURE by judge: ").split(": ", 1)
    assert field == "pending_auth.web_auth_url" and "IV_SSO" in description

    user = world.client_management(methods="crtext")
    world.client(server, "alice", extra=user.options).wait_denied()
    # It comes back by itself, and is asked about again.
    real = policy.requests.all()[1]
    details = policy.outcome_of(real.decision_id, "REJECTED").status.details
    assert any(
        field.encode() in detail.value and description.encode() in detail.value
        for detail in details
    )


def test_deny_that_cannot_be_written_is_a_failure(world: World) -> None:
    deny = {"reason": "closed", "client_reason": "TEMP: come back"}
    policy = world.policy(lambda _request: {"deny": deny})
    policy.hello_ack["capabilities"] = [DRY_RUN]
    evaluated = ready_broker(world, policy).ctl(*EVALUATE, check=False)
    (told,) = evaluated.stdout.splitlines()
    assert told.startswith("FAILURE by judge: deny.client_reason: begins with TEMP")


def test_what_follows_a_deny_is_shown(world: World) -> None:
    denies = {
        "alice": {"reason": "busy", "retry": {"backoff": "42s", "advance": True}},
        "bob": {"reason": "code?", "challenge": {"state_id": "d1", "text": "Your code"}},
    }
    policy = world.policy(lambda request: {"deny": denies[request.session.username]})
    policy.hello_ack["capabilities"] = [DRY_RUN]
    broker = ready_broker(world, policy)
    described = ["policies", "evaluate", "--instance", "office"]
    busy = broker.ctl(*described, "--user", "alice", check=False)
    assert busy.returncode == 1
    assert "  the client comes back by itself after 42 s, to its next server\n" in busy.stdout
    asked = broker.ctl(*described, "--user", "bob", check=False)
    assert asked.returncode == 1
    assert asked.stdout.splitlines()[1:] == [
        "  the client is asked, and connects again with the answer (CRV1): Your code",
        "  its answer is hidden",
    ]


def test_page_that_the_client_would_open_is_shown(world: World) -> None:
    step = {"web_auth_url": "https://sso.example.com/7", "timeout": "90s"}
    policy = world.policy(lambda _request: {"pending_auth": step})
    policy.hello_ack["capabilities"] = [DRY_RUN, "CAPABILITY_PENDING_AUTH"]
    broker = ready_broker(world, policy)
    shown = broker.ctl(*EVALUATE, "--env", "IV_SSO=webauth", check=False).stdout
    assert "  the client opens (WEB_AUTH): https://sso.example.com/7\n  it has 90 s\n" in shown


def test_silence_is_told_and_cancelled(world: World) -> None:
    policy = world.policy(lambda _request: NEVER)
    policy.hello_ack["capabilities"] = [DRY_RUN]
    decision = {"timeout": "500ms", "attempt_timeout": "200ms"}
    broker = ready_broker(world, policy, decision=decision)
    answer = evaluate(broker, "alice")
    assert answer.result == answer.RESULT_FAILURE
    assert answer.detail == "TIMEOUT: no verdict in time"
    assert policy.cancellations.wait(lambda _each: True, "cancellation")


def test_remote_policy_without_dry_runs_is_not_asked(world: World) -> None:
    policy = world.policy(allow_all)
    broker = ready_broker(world, policy)
    assert refusal(broker, "PolicyAdminService", "EvaluateDecision", instance="office") == (
        "FAILED_PRECONDITION",
        "DRY_RUN_UNSUPPORTED",
    )
    refused = broker.ctl(
        "policies", "evaluate", "--instance", "office", "--cn", "alice", check=False
    )
    assert refused.returncode != 0
    assert DRY_RUN in refused.stderr
    assert not policy.requests.all()


def test_policy_that_is_away_is_what_a_client_would_meet(world: World) -> None:
    policy = world.policy(allow_all)
    broker = ready_broker(world, policy)
    policy.stop()
    broker.wait_log("POLICY_STREAM_LOST")
    answer = evaluate(broker, "alice")
    assert answer.detail == "UNAVAILABLE: no replica is ready"
