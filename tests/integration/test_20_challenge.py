"""A policy asks a question while the client waits (CR_TEXT), and judges by the answer."""

import base64
from typing import Any

from harness.client_management import CHALLENGE
from harness.judges import ALLOW
from harness.world import World

CODE = "271828"
QUESTION = {"pending_auth": {"challenge_text": "Your one-time code, please", "echo": True}}
PENDING_AUTH = "CAPABILITY_PENDING_AUTH"


def ask_for_code(request: Any) -> dict[str, Any]:
    if request.round == 0:
        return QUESTION
    answer = base64.b64decode(request.credentials.challenge_response).decode()
    return ALLOW if answer == CODE else {"deny": {"reason": "wrong code", "client_reason": "no"}}


def asking_policy(world: World) -> Any:
    policy = world.policy(ask_for_code, start=False)
    policy.hello_ack["capabilities"] = [PENDING_AUTH]
    return policy.start()


def test_right_answer_lets_the_client_in(world: World) -> None:
    server = world.server()
    policy = asking_policy(world)
    broker = world.broker(server, policy)
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)

    assert user.wait_for(CHALLENGE) == "CR_TEXT:R,E:Your one-time code, please"
    first = policy.request_for("alice")
    assert list(first.pending_auth_methods) == ["webauth", "crtext"]
    assert broker.session_of("alice", "PENDING_AUTH")
    assert not alice.ever_connected
    user.answer_challenge(CODE)

    alice.wait_connected()
    event = broker.wait_decision("alice", outcome="VERIFIED")
    assert event.fields["steps"] == "1"
    second = policy.requests.all()[1]
    assert second.decision_id == first.decision_id
    assert (second.kind, second.round) == (second.KIND_CHALLENGE_RESPONSE, 1)
    # Only the policy that was granted it gets the password; the answer is for whoever put the question.
    assert not second.credentials.HasField("password")
    policy.outcome_of(first.decision_id, "VERIFIED")
    assert CODE not in "\n".join(broker.process.lines.all())


def test_wrong_answer_is_denied(world: World) -> None:
    server = world.server()
    world.broker(server, asking_policy(world))
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    user.wait_for(CHALLENGE)
    user.answer_challenge("314159")
    assert alice.wait_denied() == "no"
    assert not alice.ever_connected


def test_client_that_cannot_answer_is_denied_and_the_policy_told(world: World) -> None:
    server = world.server()
    policy = asking_policy(world)
    world.broker(server, policy)
    alice = world.client(server, "alice")
    alice.wait_denied()
    outcome = policy.outcome_of(policy.request_for("alice").decision_id, "REJECTED")
    assert any(b"crtext" in detail.value for detail in outcome.status.details)


def test_client_that_does_not_answer_is_denied_when_its_time_is_over(world: World) -> None:
    server = world.server()
    policy = world.policy(
        lambda _request: {"pending_auth": {"challenge_text": "code?", "timeout": "1s"}}, start=False
    )
    policy.hello_ack["capabilities"] = [PENDING_AUTH]
    broker = world.broker(server, policy.start(), failure={"mode": "allow"})
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    user.wait_for(CHALLENGE)
    assert alice.wait_denied() == "authentication timed out"
    broker.wait_decision("alice", code="STEP_TIMED_OUT")
    assert not alice.ever_connected
