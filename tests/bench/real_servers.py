"""What the measurements with real clients share: servers with the broker, with the least possible controller, without
any authentication, and with a script; a count of processor time; the report."""

import os
import time
from pathlib import Path

from harness.broker import Broker, build_directory
from harness.judges import ALLOW, judge
from harness.processes import LoggedProcess
from harness.server_config import ServerConfig
from harness.timing import DEFAULT_DEADLINE
from harness.world import World

# OpenVPN takes 100 new clients in 10 seconds by default; these come faster, and from one host.
SERVER_OPTIONS = ["duplicate-cn", "max-clients 1000", "connect-freq-initial 1000 1"]
SCRIPT = Path(__file__).resolve().parent / "rivals" / "allow_script.sh"
CLIENT_NAME = "alice"
OPENVPN = os.environ.get("OPENVPN", "/usr/sbin/openvpn")


def report(name: str, measured: float, budget: float | None, unit: str, rival: str) -> None:
    """As Report in ratio.h; budgets are upper bounds. None: the design sets no budget."""
    wanted = "none" if budget is None else f"<= {budget:.2f} {unit}"
    verdict = "-" if budget is None else "within" if measured <= budget else "over"
    row = [name, f"{measured:.2f} {unit}", wanted, rival, verdict]
    print(f"  {row[0]}: {row[1]} (budget {row[2]}): {row[4]}", flush=True)
    results = os.environ.get("OVPNBROKER_BENCH_RESULTS")
    if results:
        with open(results, "a", encoding="utf-8") as table:
            table.write("\t".join(row) + "\n")


def cpu_seconds(pid: int) -> float:
    """Of all threads. In nanoseconds from schedstat, since the ticks of stat are as long as ten decisions."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class CpuMeter:
    """Processor time of processes beyond what they need when nothing happens: their timers tick on."""

    IDLE_SECONDS = 3.0

    def __init__(self, *pids: int):
        self._pids = pids
        before = self._read()
        time.sleep(self.IDLE_SECONDS)
        self._start = self._read()
        self._idle = [(end - begin) / self.IDLE_SECONDS for begin, end in zip(before, self._start)]
        self._start_time = time.monotonic()

    def seconds(self) -> list[float]:
        """Of each process since this was made."""
        elapsed = time.monotonic() - self._start_time
        return [
            end - start - idle * elapsed
            for start, end, idle in zip(self._start, self._read(), self._idle)
        ]

    def _read(self) -> list[float]:
        return [cpu_seconds(pid) for pid in self._pids]


def judged_server(world: World, name: str) -> ServerConfig:
    return world.server(name, extra=SERVER_OPTIONS)


def open_server(world: World, name: str) -> ServerConfig:
    # auth-user-pass-optional is refused where nothing authenticates.
    return world.server(name, extra=SERVER_OPTIONS, passwords=True)


def scripted_server(world: World, name: str) -> ServerConfig:
    """Its clients need a name and a password, see CREDENTIALS."""
    script = ["script-security 2", f"auth-user-pass-verify {SCRIPT} via-file"]
    return world.server(name, extra=SERVER_OPTIONS + script, passwords=True)


class LeastServer:
    """A server whose clients are let in by rivals/least_controller.cc. OpenVPN listens on its management socket once it
    has said so."""

    def __init__(self, server: ServerConfig):
        socket = server.path.with_suffix(".sock")
        management = ["--management", str(socket), "unix"]
        management += ["--management-hold", "--management-client-auth"]
        self.openvpn = LoggedProcess(
            server.name,
            [OPENVPN, "--config", str(server.path), *management],
            server.path.with_suffix(".log"),
        )
        self.openvpn.lines.wait(
            lambda line: "MANAGEMENT: unix domain socket listening" in line,
            f"the management socket of {server.name}",
            deadline=DEFAULT_DEADLINE,
        )
        self.controller = LoggedProcess(
            f"controller of {server.name}",
            [str(build_directory() / "tests" / "bench" / "least_controller"), str(socket)],
            server.path.with_suffix(".controller.log"),
        )
        self.openvpn.lines.wait(
            lambda line: "Initialization Sequence Completed" in line,
            f"the server {server.name}",
            deadline=DEFAULT_DEADLINE,
        )

    def kill(self) -> None:
        self.controller.kill()
        self.openvpn.kill()


CREDENTIALS = {"username": CLIENT_NAME.encode(), "password": b"secret"}


def start_broker(world: World, server: ServerConfig) -> Broker:
    """With the embedded rules, and the default log level instead of the tests' debug."""
    broker = world.broker(server, judge("rules", world, {CLIENT_NAME: ALLOW}), start=False)
    broker.config_values["log"] = {"level": "info", "format": "json"}
    broker.write_config()
    broker.start()
    broker.wait_instance(server.name, "RUNNING")
    return broker


def start_server(server: ServerConfig) -> LoggedProcess:
    process = LoggedProcess(
        server.name, [OPENVPN, "--config", str(server.path)], server.path.with_suffix(".log")
    )
    process.lines.wait(
        lambda line: "Initialization Sequence Completed" in line,
        f"the server {server.name}",
        deadline=DEFAULT_DEADLINE,
    )
    return process
