"""Two tools, one written as exporters are and one that is a mere pipe, share an instance's pass-through socket with the
broker while clients connect in a storm: all their answers are whole and right, and the decisions are not held up."""

import statistics
import stat
import threading
from pathlib import Path

from harness.broker import Broker
from harness.judges import allow_all
from harness.management_tool import ManagementTool, PipedTool
from harness.openvpn_client import CONNECTED
from harness.server_config import ServerConfig
from harness.timing import SCALE
from harness.world import World

CLIENTS = 12  # in each of the two storms
CLIENT_FIELDS = 13  # of a CLIENT_LIST row of OpenVPN 2.6, its tag included


def storm(world: World, broker: Broker, server: ServerConfig, prefix: str) -> list[float]:
    """How long each decision took, in ms."""
    names = [f"{prefix}-{number:02}" for number in range(CLIENTS)]
    for client in [world.client(server, name) for name in names]:
        client.wait_for(CONNECTED, deadline=60 * SCALE)
    return [
        float(broker.wait_decision(name, outcome="VERIFIED").fields["latency_ms"]) for name in names
    ]


class Exporter(threading.Thread):
    """Asks for everything that exporters ask for, again and again, and checks each answer's form."""

    def __init__(self, path: Path):
        super().__init__(daemon=True)
        self.tool = ManagementTool(path)
        assert self.tool.ask("state on") == ["SUCCESS: real-time state notification set to ON"]
        assert self.tool.ask("bytecount 1") == ["SUCCESS: bytecount interval changed"]
        self.rounds = 0
        self.wrong: list[str] = []
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.is_set():
            self._check(self.tool.ask("status 3"))
            for command, form in [
                ("load-stats", "SUCCESS: nclients="),
                ("pid", "SUCCESS: pid="),
                ("version", "OpenVPN Version: OpenVPN 2."),
                ("kill nobody", "ERROR: the 'kill' command is refused"),
            ]:
                answer = self.tool.ask(command)
                if not answer[0].startswith(form):
                    self.wrong.append(f"{command}: {answer}")
            self.rounds += 1

    def _check(self, status: list[str]) -> None:
        rows = [line.split("\t") for line in status if line.startswith("CLIENT_LIST\t")]
        whole = status[0].startswith("TITLE\tOpenVPN 2.") and status[-1].startswith(
            "GLOBAL_STATS\t"
        )
        if not whole or any(len(row) != CLIENT_FIELDS for row in rows):
            self.wrong.append(f"status 3: {status}")

    def finish(self) -> None:
        self._done.set()
        self.join(timeout=30 * SCALE)
        assert not self.is_alive()


def test_two_tools_during_a_storm(world: World, record_property) -> None:
    server = world.server(extra=["max-clients 200"])
    socket = world.folder / "tools.sock"
    broker = world.broker(
        server, world.policy(allow_all), passthrough={"socket": str(socket), "mode": "0600"}
    )
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600

    alone = storm(world, broker, server, "alone")
    exporter = Exporter(socket)
    exporter.start()
    piped: list[list[str]] = []

    def pipes() -> None:
        for _ in range(5):
            piped.append(PipedTool(socket).run("log on 1\nstatus 2\nnclients\nquit\n"))

    piping = threading.Thread(target=pipes)
    piping.start()
    watched = storm(world, broker, server, "watched")
    piping.join(timeout=60 * SCALE)
    exporter.finish()

    assert exporter.wrong == []
    assert exporter.rounds >= 3
    everybody = {client.name for client in world.clients}
    rows = [row.split("\t") for row in exporter.tool.ask("status 3")]
    assert {row[1] for row in rows if row[0] == "CLIENT_LIST"} == everybody
    assert exporter.tool.ask("load-stats")[0].startswith(f"SUCCESS: nclients={len(everybody)},")
    assert exporter.tool.wait_notification(">BYTECOUNT_CLI:").count(",") == 2

    assert len(piped) == 5
    for lines in piped:
        # With the log on, OpenVPN tells of each client that comes, between the replies and never in them.
        replies = [line for line in lines if not line.startswith(">")]
        assert replies[0] == "SUCCESS: real-time log notification set to ON"
        assert replies[2] == "END"
        assert replies[3].startswith("TITLE,OpenVPN 2.")
        end = replies.index("END", 3)
        assert replies[end - 1].startswith("GLOBAL_STATS,")
        first, last = lines.index(replies[3]), lines.index("END", lines.index(replies[3]))
        assert not any(line.startswith(">") for line in lines[first:last])
        assert [line.split("=")[0] for line in replies[end + 1 :]] == ["SUCCESS: nclients"]

    assert broker.logged("PASSTHROUGH_CUT") == []
    assert broker.logged("COMMAND_FAILED") == []
    assert broker.logged("MANAGEMENT_LOST") == []
    ratio = statistics.median(watched) / max(statistics.median(alone), 0.001)
    record_property(
        "measured",
        f"decisions in a storm of {CLIENTS} clients: median {statistics.median(alone):.2f} ms alone, "
        f"{statistics.median(watched):.2f} ms with two busy tools (ratio {ratio:.2f}; "
        f"{exporter.rounds} rounds of five commands)",
    )
    exporter.tool.close()
