"""A verdict after its deadline admits nobody, is reported as late, and does not cost the stream."""

from harness.judges import ALLOW
from harness.policy_server import NEVER
from harness.world import World


def test_late_verdict_admits_nobody(world: World) -> None:
    server = world.server()
    answers = iter([NEVER])
    policy = world.policy(lambda _request: next(answers, ALLOW))
    broker = world.broker(
        server,
        policy,
        decision={"timeout": "500ms", "attempt_timeout": "500ms"},
        failure={"retry_backoff": "3s"},
    )
    alice = world.client(server, "alice")

    asked = policy.request_for("alice")
    assert alice.wait_denied().startswith("TEMP[")
    broker.wait_decision("alice", "DECISION_TIMEOUT")
    policy.answer(asked.decision_id, ALLOW)
    policy.outcome_of(asked.decision_id, "LATE")
    assert not alice.ever_connected
    assert not [session for session in broker.sessions() if session.establish_time.seconds]

    alice.wait_connected()  # its next try, on the same stream
    assert len(policy.hellos.all()) == 1
