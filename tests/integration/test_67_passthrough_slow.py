"""A tool that asks for the log and does not read it is cut off; nobody waits for it."""

from harness.judges import allow_all
from harness.management_tool import ManagementTool
from harness.timing import SCALE
from harness.world import World


def test_slow_reader_is_cut_and_clients_get_in(world: World) -> None:
    server = world.server(extra=["verb 6"])
    broker = world.broker(
        server, world.policy(allow_all), passthrough={"max_output_kibibytes": 64, "max_clients": 2}
    )
    path = broker.runtime_directory / "office.passthrough.sock"
    slow = ManagementTool(path)
    slow.send("log on")
    other = ManagementTool(path)
    seen = broker.events.position()
    number = 0
    while not broker.logged("PASSTHROUGH_CUT", after=seen):
        client = world.client(server, f"user-{number}")
        client.wait_connected(deadline=30 * SCALE)
        number += 1
        assert number < 50
    assert other.ask("nclients") == [f"SUCCESS: nclients={number}"]
    assert slow.at_end()
    assert broker.logged("MANAGEMENT_LOST") == []
    # Its place is free again.
    ManagementTool(path).close()
    other.close()
    slow.close()
