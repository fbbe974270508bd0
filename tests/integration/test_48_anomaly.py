"""The C++ example ends the session of a client whose traffic is odd, and leaves the other alone."""

import socket

from harness.broker import build_directory
from harness.openvpn_client import SERVER_HALT
from harness.processes import LoggedProcess
from harness.timing import DEFAULT_DEADLINE, wait_until
from harness.world import World

LISTENS_ON = "policy listens on "
MAX_RATE = 20_000  # bytes a second; an idle tunnel moves a few dozen


class AnomalyPolicy:
    """The example's program with limits, until closed."""

    def __init__(self, world: World, *options: str):
        program = build_directory() / "policy" / "examples" / "cpp" / "example_policy"
        address = f"unix:{world.folder}/cpp.sock"
        self.process = LoggedProcess(
            "anomaly policy",
            [str(program), "--listen", address, *options],
            world.folder / "anomaly.log",
        )
        self.process.lines.wait(lambda line: line.startswith(LISTENS_ON), LISTENS_ON)
        self.address = address
        world.open_files.append(self)

    def close(self) -> None:
        self.process.stop()


def test_session_above_the_rate_is_ended_and_the_other_stays(world: World) -> None:
    server = world.server()
    policy = AnomalyPolicy(world, "--guests", "carol,dave", "--max-rate", str(MAX_RATE))
    broker = world.broker(
        server,
        policy,
        remote={"grant_commands": True, "traffic_interval": "1s"},
        bytecount_interval="1s",
    )
    carol, dave = (world.client(server, name) for name in ("carol", "dave"))
    for client in (carol, dave):
        client.wait_connected()
    session = broker.session_of("carol")
    other = broker.session_of("dave")

    # Towards the client, through its tunnel.
    (address,) = session.virtual_addresses
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def flooded() -> bool:
            for _ in range(20):
                sender.sendto(bytes(1000), (address, 9))
            return not carol.process.running

        wait_until(flooded, "end of the client that is flooded")

    carol.wait_for(SERVER_HALT)
    ended = broker.wait_log("SESSION_KILL", session=session.uid)
    assert "odd traffic" in str(ended.fields)
    assert not broker.logged("SESSION_KILL", session=other.uid)
    assert dave.process.running and broker.session_of("dave").uid == other.uid


def test_name_that_comes_too_often_is_ended(world: World) -> None:
    server = world.server()
    policy = AnomalyPolicy(
        world, "--guests", "carol", "--max-connects", "2", "--connect-window", "600"
    )
    broker = world.broker(server, policy, remote={"grant_commands": True})
    for _ in range(2):
        client = world.client(server, "carol")
        client.wait_connected()
        broker.session_of("carol")
        client.stop()
    third = world.client(server, "carol")
    third.wait_for(SERVER_HALT, deadline=2 * DEFAULT_DEADLINE)
    assert "odd connects" in str(broker.wait_log("POLICY_COMMAND").fields)
