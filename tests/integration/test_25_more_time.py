"""A policy that needs longer says so, once, and gets what the operator allows."""

from harness.judges import ALLOW
from harness.policy_server import NEVER
from harness.world import World


def test_policy_that_asks_for_more_time_gets_it_once(world: World) -> None:
    server = world.server()
    policy = world.policy(lambda _request: NEVER, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_DEADLINE_EXTENSION"]
    broker = world.broker(
        server,
        policy.start(),
        decision={"timeout": "1s", "attempt_timeout": "500ms", "max_timeout": "15s"},
    )
    alice = world.client(server, "alice")
    decision = policy.request_for("alice").decision_id
    for _ in range(2):
        policy.send({"deadline_extension": {"decision_id": decision, "timeout": "15s"}})
    rejection = policy.rejections.wait(lambda _rejection: True, "the second one's rejection")
    assert rejection.message == "deadline_extension"
    assert rejection.decision_id == decision

    # The client's own clock: the decision would have been over after one second.
    assert policy.cancellations.all() == []
    policy.answer(decision, ALLOW)
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")


def test_silent_policy_is_given_up_at_the_limit(world: World) -> None:
    server = world.server()
    policy = world.policy(lambda _request: NEVER, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_DEADLINE_EXTENSION"]
    broker = world.broker(
        server,
        policy.start(),
        decision={"timeout": "500ms", "attempt_timeout": "500ms", "max_timeout": "2s"},
    )
    alice = world.client(server, "alice")
    decision = policy.request_for("alice").decision_id
    policy.send({"deadline_extension": {"decision_id": decision, "timeout": "60s"}})
    assert "service unavailable" in alice.wait_denied()
    broker.wait_log("DECISION_TIMEOUT", common_name="alice")
