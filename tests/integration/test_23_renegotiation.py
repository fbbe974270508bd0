"""Clients renew their keys while they are in (`reneg-sec`): the policy judges each renewal."""

from typing import Any

from harness.judges import ALLOW
from harness.world import World

# Short, and with room for a decision in the half of it that OpenVPN waits.
RENEG = ["reneg-sec 6"]
DECISION = {"timeout": "1s", "attempt_timeout": "500ms"}


def is_reauth(request: Any) -> bool:
    return bool(request.kind == request.KIND_REAUTH)


def test_renewal_is_asked_and_allowed(world: World) -> None:
    server = world.server(extra=RENEG)
    policy = world.policy(lambda _request: ALLOW)
    broker = world.broker(server, policy, decision=DECISION)
    alice = world.client(server, "alice")
    alice.wait_connected()
    session = broker.session_of("alice")

    request = policy.requests.wait(is_reauth, "a question about a renewal")

    assert request.session.uid == session.uid
    assert request.session.state == request.session.STATE_ESTABLISHED
    broker.wait_decision("alice", kind="REAUTH", outcome="WRITTEN")
    assert broker.session_of("alice").uid == session.uid
    assert alice.process.running


def test_denied_renewal_ends_the_session(world: World) -> None:
    server = world.server(extra=RENEG)
    policy = world.policy(
        lambda request: {"deny": {"reason": "contract over", "client_reason": "bye"}}
        if is_reauth(request)
        else ALLOW
    )
    broker = world.broker(server, policy, decision=DECISION)
    alice = world.client(server, "alice")
    alice.wait_connected()
    assert alice.wait_denied() == "bye"
    broker.wait_log("SESSION_ENDED", common_name="alice")


def test_dead_policy_and_keep_last_keep_the_session(world: World) -> None:
    server = world.server(extra=RENEG)
    policy = world.policy(lambda _request: ALLOW)
    broker = world.broker(
        server, policy, decision=DECISION, failure={"keep_last": {"max_age": "1h"}}
    )
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    policy.stop()
    broker.wait_log("SESSION_KEPT_LAST", common_name="alice")
    assert alice.process.running
    assert broker.session_of("alice").policy == "judge (stale)"


def test_dead_policy_alone_ends_the_session_at_its_renewal(world: World) -> None:
    server = world.server(extra=RENEG)
    policy = world.policy(lambda _request: ALLOW)
    broker = world.broker(server, policy, decision=DECISION)
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    policy.stop()
    assert "service unavailable" in alice.wait_denied()
