"""A policy sends its client to a page (WEB_AUTH) and decides when the user was there."""

from typing import Any

import pytest

from harness.client_management import PAGE
from harness.judges import ALLOW
from harness.world import World

PAGE_STEP = {"pending_auth": {"web_auth_url": "https://login.example/t/1", "flags": ["hidden"]}}


def page_policy(world: World) -> Any:
    policy = world.policy(lambda _request: PAGE_STEP, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_PENDING_AUTH"]
    return policy.start()


@pytest.mark.parametrize(
    ("methods", "told"),
    [
        ("webauth", "WEB_AUTH:hidden:https://login.example/t/1"),
        ("openurl", "OPEN_URL:https://login.example/t/1"),
    ],
)
def test_verdict_after_the_page_lets_the_client_in(world: World, methods: str, told: str) -> None:
    server = world.server()
    policy = page_policy(world)
    broker = world.broker(server, policy)
    user = world.client_management(methods=methods)
    alice = world.client(server, "alice", extra=user.options)

    assert user.wait_for(PAGE) == told
    decision = policy.request_for("alice").decision_id
    policy.answer(decision, ALLOW)

    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    assert len(policy.requests.all()) == 1
    policy.outcome_of(decision, "VERIFIED")


def test_policy_that_dies_meanwhile_admits_nobody(world: World) -> None:
    server = world.server()
    policy = page_policy(world)
    broker = world.broker(server, policy, failure={"mode": "allow"})
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    user.wait_for(PAGE)
    policy.stop()
    alice.wait_denied()
    broker.wait_log("POLICY_UNAVAILABLE", common_name="alice")
    assert not alice.ever_connected


def test_client_that_leaves_is_told_to_the_policy(world: World) -> None:
    server = world.server()
    policy = page_policy(world)
    world.broker(server, policy)
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    user.wait_for(PAGE)
    decision = policy.request_for("alice").decision_id
    alice.stop()
    policy.cancellations.wait(
        lambda cancellation: cancellation.decision_id == decision, "the cancellation"
    )
    policy.answer(decision, ALLOW)
    policy.outcome_of(decision, "LATE")
