"""Leases outlive the broker, whether it was stopped or killed, and a broken lease file stops nobody."""

from harness.pools import address_of, broker_with_pool, from_pool, restart_without_clients
from harness.world import World


def test_a_restart_keeps_who_has_which_address(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    for name in ("alice", "bob"):
        address_of(world.client(server, name))
    restart_without_clients(world, broker, leases=2)
    # Without their leases, whoever comes first would get the first address.
    assert address_of(world.client(server, "bob")) == server.subnet.host(101)
    assert address_of(world.client(server, "alice")) == server.subnet.host(100)


def test_adopted_sessions_hold_their_addresses(world: World) -> None:
    server = world.server(proto="tcp")
    broker = broker_with_pool(world, server, from_pool, size=2)
    address_of(world.client(server, "alice"))
    broker.wait_decision("alice", outcome="VERIFIED")
    broker.kill()

    # Nothing may be left of the file: what the sessions have is asked of OpenVPN.
    (broker.folder / "state" / "address-leases").unlink(missing_ok=True)
    broker.start()
    broker.wait_log("SESSION_ADOPTED", common_name="alice")
    broker.wait_instance("office", "RUNNING")
    assert address_of(world.client(server, "bob")) == server.subnet.host(101)
    world.client(server, "carol").wait_denied()


def test_a_file_that_cannot_be_understood_is_set_aside(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    address_of(world.client(server, "alice"))
    assert broker.stop() == 0
    file = broker.folder / "state" / "address-leases"
    file.write_text(file.read_text()[:-3])

    broker.start()
    event = broker.wait_log("LEASES_SET_ASIDE")
    broker.wait_instance("office", "RUNNING")
    assert event.fields["kept_as"].startswith(f"{file}.unreadable-")
    address_of(world.client(server, "bob"))
