"""A name with two addresses is two replicas; when an address goes, its replica drains and the other decides."""

from collections.abc import Iterator

import pytest

from harness import namespace
from harness.judges import allow_all
from harness.world import World

NAME = "policy.test"


@pytest.fixture
def hosts(world: World) -> Iterator[None]:
    namespace.name_hosts(world.folder / "hosts", {NAME: ["127.0.0.1", "127.0.0.2"]})
    yield
    namespace.forget_hosts()


@pytest.mark.usefixtures("hosts")
def test_addresses_of_a_name_come_and_go(world: World) -> None:
    port = namespace.next_port()
    first, second = (
        world.policy(allow_all, tls_address=f"127.0.0.{number}:{port}") for number in (1, 2)
    )
    server = world.server()
    broker = world.broker(
        server,
        first,
        remote={
            "addresses": [f"dns:{NAME}:{port}"],
            "dns_refresh": "1s",
            "tls": world.client_tls(),
        },
    )
    for replica in (first, second):
        broker.wait_log("POLICY_STREAM_READY", replica=replica.address)
    for name in ("alice", "bob"):
        world.client(server, name).wait_connected()
    assert first.requests.all()
    assert second.requests.all()

    namespace.name_hosts(world.folder / "hosts", {NAME: ["127.0.0.2"]})
    broker.wait_log("POLICY_NAME_RESOLVED", addresses=second.address)
    asked = len(first.requests.all())
    world.client(server, "carol").wait_connected()
    second.request_for("carol")
    assert len(first.requests.all()) == asked
    assert broker.logged("POLICY_STREAM_LOST") == []
