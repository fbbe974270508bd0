"""An allowed client gets what its verdict says, and the broker checks that OpenVPN gave it."""

from harness.judges import judge
from harness.world import World


def test_allow_pushes_address_routes_and_dns(world: World, judge_kind: str) -> None:
    server = world.server(ipv6=True)
    address, address6 = server.subnet.host(77), server.subnet.host6(0x77)
    config = {
        "ifconfig_push": {"local": address, "remote_or_netmask": server.subnet.netmask},
        "ifconfig_ipv6_push": {"local": address6, "prefix_length": 64},
        "routes": [{"destination": "192.168.77.0/24"}, {"destination": "fd77::/48"}],
        "dns": ["192.168.77.53"],
        "search_domains": ["corp.example"],
    }
    broker = world.broker(server, judge(judge_kind, world, {"alice": {"allow": config}}))

    options = world.client(server, "alice").wait_connected()

    assert f"ifconfig {address} {server.subnet.netmask}" in options
    assert any(option.startswith(f"ifconfig-ipv6 {address6}/64") for option in options)
    assert "route 192.168.77.0 255.255.255.0" in options
    assert "route-ipv6 fd77::/48" in options
    assert "dhcp-option DNS 192.168.77.53" in options
    assert "dhcp-option DOMAIN-SEARCH corp.example" in options

    broker.wait_decision("alice", "DECISION_ALLOWED", outcome="VERIFIED")
    session = broker.session_of("alice")
    assert sorted(session.virtual_addresses) == sorted([address, address6])
    assert session.policy == "judge"


def test_allow_without_config_takes_the_servers_own(world: World, judge_kind: str) -> None:
    server = world.server()
    broker = world.broker(server, judge(judge_kind, world, {"alice": {"allow": {}}}))

    options = world.client(server, "alice").wait_connected()

    given = [option.split()[1] for option in options if option.startswith("ifconfig ")]
    broker.wait_decision("alice", "DECISION_ALLOWED", outcome="VERIFIED")
    assert broker.session_of("alice").virtual_addresses == given


def test_allow_is_shown_by_the_command_line_tool(world: World) -> None:
    server = world.server()
    broker = world.broker(server, judge("rules", world, {"alice": {"allow": {}}}))
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")

    assert "alice" in broker.ctl("sessions").stdout
    assert "RUNNING" in broker.ctl("instances").stdout
    assert "alice" in broker.ctl("sessions", "-o", "json").stdout
    assert broker.ctl("status").stdout
