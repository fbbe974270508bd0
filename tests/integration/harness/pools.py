"""A broker with one address pool, and the address that a client was told."""

from typing import Any

from harness.broker import Broker
from harness.openvpn_client import OpenvpnClient
from harness.server_config import ServerConfig
from harness.world import World

FROM_POOL: dict[str, Any] = {"allow": {"config": {"address_pool": "staff"}}}


def from_pool(_request: Any) -> dict[str, Any]:
    """A `decide` that gives everybody an address of the pool."""
    return FROM_POOL


def named(server: ServerConfig, host: int) -> dict[str, Any]:
    """A verdict that names an address."""
    push = {"local": server.subnet.host(host), "remote_or_netmask": server.subnet.netmask}
    return {"allow": {"config": {"ifconfig_push": push}}}


def pool(server: ServerConfig, *, size: int = 10) -> dict[str, Any]:
    """The pool "staff": `size` addresses from the subnet's host 100 on."""
    return {
        "name": "staff",
        "ipv4": {
            "network": f"{server.subnet.network}/{server.subnet.netmask}",
            "first": server.subnet.host(100),
            "last": server.subnet.host(99 + size),
        },
    }


def broker_with_pool(world: World, server: ServerConfig, decide: Any, *, size: int = 10) -> Broker:
    """Its only pool is pool(server)."""
    broker = world.broker(server, world.policy(decide), start=False)
    broker.config_values["address_pools"] = [pool(server, size=size)]
    broker.write_config()
    broker.start()
    broker.wait_instance(server.name, "RUNNING")
    return broker


def restart_without_clients(world: World, broker: Broker, *, leases: int) -> None:
    """Broker and clients end; the next broker finds so many leases."""
    assert broker.stop() == 0
    for client in world.clients:
        client.process.kill()
    broker.start()
    broker.wait_log("LEASES_LOADED", leases=leases)
    broker.wait_instance("office", "RUNNING")


def address_of(client: OpenvpnClient, *, after: int = 0) -> str:
    """Waits for the tunnel and gives its IPv4 address."""
    options = client.wait_connected(after=after)
    return [option.split()[1] for option in options if option.startswith("ifconfig ")][0]
