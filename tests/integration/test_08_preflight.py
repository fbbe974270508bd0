"""What the broker finds in its way before it starts a child."""

import os
import socket

from harness.judges import ALLOW, judge
from harness.processes import LoggedProcess
from harness.world import World


def management_socket(broker, name: str):
    """Where the instance's socket will be; its folder as the broker would make it."""
    path = broker.runtime_directory / name / "management.sock"
    path.parent.mkdir(parents=True, mode=0o700)
    return path


def test_foreign_openvpn_with_this_configuration_is_ended(world: World) -> None:
    server = world.server()
    foreign = LoggedProcess(
        "foreign openvpn",
        [
            "/usr/sbin/openvpn",
            "--config",
            str(server.path),
            "--management",
            str(world.folder / "f"),
            "unix",
            "--management-client-auth",
        ],
        world.folder / "foreign.log",
    )
    foreign.lines.wait(lambda line: "Initialization Sequence Completed" in line, "its start")

    broker = world.broker(server, judge("rules", world, {"alice": ALLOW}))

    assert foreign.wait_exit() == 0
    world.client(server, "alice").wait_connected()
    assert broker.instance("office").pid != foreign.pid


def test_stale_socket_is_removed(world: World) -> None:
    server = world.server()
    broker = world.broker(server, judge("rules", world, {"alice": ALLOW}), start=False)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(management_socket(broker, "office")))
    stale.close()

    broker.start()

    broker.wait_instance("office", "RUNNING")
    world.client(server, "alice").wait_connected()


def test_live_foreign_listener_fails_the_instance_only(world: World) -> None:
    office, branch = world.server("office"), world.server("branch", proto="tcp")
    broker = world.broker([office, branch], judge("rules", world, {"alice": ALLOW}), start=False)
    path = management_socket(broker, "office")
    listener = socket.socket(socket.AF_UNIX)
    world.open_files.append(listener)
    listener.bind(str(path))
    listener.listen()

    broker.start()

    broker.wait_instance("office", "FAILED")
    broker.wait_instance("branch", "RUNNING")
    failed = broker.instance("office")
    assert str(path) in failed.detail
    assert not failed.pid
    assert os.path.exists(path), "somebody else's socket was removed"
    world.client(branch, "alice").wait_connected()
