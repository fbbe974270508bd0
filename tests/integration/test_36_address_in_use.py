"""A policy that names an address which another client has is refused: OpenVPN would hand it over silently."""

from typing import Any

from harness.pools import address_of, named
from harness.world import World


def test_an_address_in_use_is_refused_with_the_field(world: World) -> None:
    server = world.server()
    policy = world.policy(lambda _request: named(server, 77))
    broker = world.broker(server, policy)
    address_of(world.client(server, "alice"))
    broker.wait_decision("alice", outcome="VERIFIED")

    reason = world.client(server, "bob").wait_denied()

    assert reason.startswith("TEMP[")
    request = policy.request_for("bob")
    outcome = policy.outcome_of(request.decision_id, "REJECTED")
    assert "in use" in str(outcome.status) and "allow.config.ifconfig_push.local" in str(
        outcome.status
    )
    broker.wait_log("ADDRESS_IN_USE", address=server.subnet.host(77))
    assert broker.session_of("alice").virtual_addresses == [server.subnet.host(77)]


def test_a_reconnect_takes_its_own_address_over(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(lambda _request: named(server, 77)))
    alice = world.client(server, "alice")
    address_of(alice)
    broker.wait_decision("alice", outcome="VERIFIED")
    first = broker.session_of("alice").uid
    seen = broker.events.position()
    alice.process.kill()

    assert address_of(world.client(server, "alice")) == server.subnet.host(77)
    broker.wait_log("SESSION_ENDED", after=seen, session=first)
    broker.wait_decision("alice", after=seen, outcome="VERIFIED")
    assert broker.session_of("alice").uid != first


def test_with_duplicate_cn_it_is_another_client(world: World) -> None:
    server = world.server(extra=["duplicate-cn"])
    broker = world.broker(server, world.policy(lambda _request: named(server, 77)))
    address_of(world.client(server, "alice"))
    broker.wait_decision("alice", outcome="VERIFIED")
    assert world.client(server, "alice").wait_denied().startswith("TEMP[")


def test_a_killed_session_holds_its_address_until_it_is_gone(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(lambda _request: named(server, 77)))
    address_of(world.client(server, "alice"))
    broker.wait_decision("alice", outcome="VERIFIED")
    uid: Any = broker.session_of("alice").uid
    broker.kill_session(uid, "HALT", "maintenance", wait=False)
    bob = world.client(server, "bob")
    assert bob.wait_denied().startswith("TEMP[")
    bob.process.kill()  # TEMP brings it back by itself, and it would take the address before carol
    broker.wait_log("SESSION_ENDED", common_name="alice")
    assert address_of(world.client(server, "carol")) == server.subnet.host(77)
