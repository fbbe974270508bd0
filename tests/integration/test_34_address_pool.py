"""A client of an address pool gets an address that nobody else has, and the same one again."""

from harness.pools import address_of, broker_with_pool, from_pool
from harness.world import World


def test_clients_get_addresses_of_the_pool_and_the_same_again(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    alice, bob = world.client(server, "alice"), world.client(server, "bob")
    first, second = address_of(alice), address_of(bob)
    assert {first, second} == {server.subnet.host(100), server.subnet.host(101)}
    broker.wait_decision("alice", "DECISION_ALLOWED", outcome="VERIFIED")

    alice.stop()
    broker.wait_log("SESSION_ENDED", common_name="alice")
    assert address_of(world.client(server, "alice")) == first


def test_a_client_that_lost_its_connection_gets_its_address_while_the_old_session_lasts(
    world: World,
) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    alice = world.client(server, "alice")
    first = address_of(alice)
    broker.wait_decision("alice", outcome="VERIFIED")
    seen = broker.events.position()
    alice.process.kill()

    assert address_of(world.client(server, "alice")) == first
    broker.wait_decision("alice", after=seen, outcome="VERIFIED")


def test_two_sessions_of_one_name_get_two_addresses(world: World) -> None:
    server = world.server(extra=["duplicate-cn"])
    broker_with_pool(world, server, from_pool)
    addresses = {address_of(world.client(server, "alice")) for _ in range(2)}
    assert len(addresses) == 2


def test_an_exhausted_pool_denies_with_the_reason(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool, size=1)
    address_of(world.client(server, "alice"))

    reason = world.client(server, "bob").wait_denied()

    assert reason.startswith("TEMP[")
    assert reason.endswith("no free address")
    broker.wait_log("ADDRESS_POOL_EXHAUSTED", pool="staff", user="cn=bob")
    broker.wait_decision("bob", "DECISION_DENIED", code="ADDRESS_POOL_EXHAUSTED")


def test_the_command_line_shows_leases_and_gives_one_back(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    alice = world.client(server, "alice")
    address = address_of(alice)
    broker.wait_decision("alice", outcome="VERIFIED")

    pool = broker.ctl_json("pools")["pools"][0]
    assert (pool["name"], pool["ipv4_size"], pool["held_lease_count"]) == ("staff", "10", "1")
    table = broker.ctl("pools", "leases", "staff").stdout
    assert "held" in table and "cn=alice" in table and address in table
    held = broker.ctl("pools", "release", "staff", address, check=False)
    assert held.returncode != 0 and "live session" in held.stderr

    alice.stop()
    broker.wait_log("SESSION_ENDED", common_name="alice")
    assert "is free" in broker.ctl("pools", "release", "staff", address).stdout
    assert broker.ctl_json("pools", "leases", "staff")["leases"] == []
    assert broker.ctl("pools", "leases", "stuff", check=False).returncode == 4
