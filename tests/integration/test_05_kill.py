"""HALT ends a client for good, RESTART brings it back as another session."""

import pytest

from harness.judges import allow_all
from harness.openvpn_client import CONNECTED, RESTARTING, SERVER_HALT
from harness.world import World


@pytest.mark.parametrize("proto", ["udp", "tcp"])
def test_kill_halt_ends_the_client(world: World, proto: str) -> None:
    server = world.server(proto=proto)
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")

    result = broker.kill_session(broker.session_of("alice").uid, "HALT", "maintenance")

    assert type(result).Outcome.Name(result.outcome) == "OUTCOME_DISCONNECTED"
    alice.wait_for(SERVER_HALT)
    alice.process.wait_exit()
    assert broker.sessions() == []


@pytest.mark.parametrize("proto", ["udp", "tcp"])
def test_kill_restart_brings_it_back_with_another_uid(world: World, proto: str) -> None:
    server = world.server(proto=proto)
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    first = broker.session_of("alice").uid
    before, log_before = alice.events.position(), broker.events.position()

    broker.kill_session(first, "RESTART")

    alice.wait_for(RESTARTING, after=before)
    alice.wait_for(CONNECTED, after=before)
    broker.wait_decision("alice", after=log_before, outcome="VERIFIED")
    assert broker.session_of("alice").uid != first


def test_kill_by_name_from_the_command_line(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    alice, bob = (world.client(server, name) for name in ("alice", "bob"))
    for client in (alice, bob):
        client.wait_connected()
        broker.wait_decision(client.name, outcome="VERIFIED")

    broker.ctl("kill", "--cn", "alice", "--halt")

    alice.process.wait_exit()
    assert bob.process.running
    assert broker.session_of("bob")
