"""Management over TCP on loopback works with a password, and a foreign listener is never given that password."""

import socket
from typing import Any

from harness.judges import allow_all
from harness.namespace import next_port
from harness.world import World


def tcp_management(world: World, port: int) -> dict[str, Any]:
    password = world.folder / "management.pw"
    password.write_text("only for the socket\n")
    password.chmod(0o600)
    return {"tcp": {"address": f"127.0.0.1:{port}", "password_file": str(password)}}


def test_clients_get_in_over_tcp_management(world: World) -> None:
    server = world.server()
    broker = world.broker(
        server, world.policy(allow_all), management=tcp_management(world, next_port())
    )
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", "DECISION_ALLOWED", outcome="VERIFIED")
    assert "only for the socket" not in (broker.folder / "broker.log").read_text()


def test_foreign_listener_on_the_port_leaves_the_instance_failed(world: World) -> None:
    port = next_port()
    with socket.create_server(("127.0.0.1", port)) as foreign:
        foreign.settimeout(0)
        broker = world.broker(
            world.server(),
            world.policy(allow_all),
            start=False,
            management=tcp_management(world, port),
        ).start()
        failed = broker.wait_instance("office", "FAILED")
        assert "another process listens" in failed.fields["detail"]
        # The probe has come and gone; it said nothing.
        connection, _ = foreign.accept()
        with connection:
            connection.settimeout(5)
            assert connection.recv(100) == b""
        assert broker.ctl("status").returncode == 0
