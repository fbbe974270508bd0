"""A broker whose admin API listens on TCP with mutual TLS, for roles and for tools on other machines."""

from typing import Any

from harness.broker import Broker
from harness.judges import allow_all
from harness.namespace import next_port
from harness.world import World


def broker_on_tcp(
    world: World, certificate_name: str, roles: list[dict[str, str]], **admin: Any
) -> tuple[Broker, int]:
    """One that runs `office` and lets everybody in, and its port. Each name is a certificate of its own, for localhost;
    `admin` are more options of that section."""
    certificate = world.pki.issue(certificate_name, "serverAuth", names=("DNS:localhost",))
    broker = world.broker(world.server(), world.policy(allow_all), start=False)
    port = next_port()
    tcp = {
        "address": f"127.0.0.1:{port}",
        "certificate": str(certificate.certificate),
        "private_key": str(certificate.key),
        "client_ca": str(world.pki.ca),
        "roles": roles,
    }
    broker.config_values["admin"] = {"tcp": tcp} | admin
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    return broker, port
