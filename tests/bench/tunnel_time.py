#!/usr/bin/python3
"""What the broker costs a real client: the time from its start to its working tunnel, and the broker's processor time
for each connect. The rival is the same server without any authentication; clients of both take turns.

Needs root and /dev/net/tun; tests/bench/run.sh gives it a process and a network namespace of its own."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import namespace  # noqa: E402
from harness.broker import Broker  # noqa: E402
from harness.judges import ALLOW, judge  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.processes import LoggedProcess  # noqa: E402
from harness.server_config import ServerConfig  # noqa: E402
from harness.timing import DEFAULT_DEADLINE  # noqa: E402
from harness.world import World, processes_mentioning  # noqa: E402

ROUNDS = 25
# Processor time is measured over the clients of the rounds and these, so many at a time.
CONNECTS = 100
BATCH = 5

# OpenVPN takes 100 new clients in 10 seconds by default; these come faster, and one after the other from one host.
SERVER_OPTIONS = ["duplicate-cn", "connect-freq-initial 1000 1"]

TIME_BUDGET = 1.15
CPU_BUDGET_PERCENT = 2.0


def report(name: str, measured: float, budget: float, unit: str, rival: str) -> None:
    """As Report in ratio.h; both budgets are upper bounds."""
    verdict = "within" if measured <= budget else "over"
    row = [name, f"{measured:.2f} {unit}", f"<= {budget:.2f} {unit}", rival, verdict]
    print(f"  {row[0]}: {row[1]} (budget {row[2]}): {row[4]}", flush=True)
    results = os.environ.get("OVPNBROKER_BENCH_RESULTS")
    if results:
        with open(results, "a", encoding="utf-8") as table:
            table.write("\t".join(row) + "\n")


def cpu_seconds(pid: int) -> float:
    """Of all threads. In nanoseconds from schedstat, since the ticks of stat are as long as ten decisions."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def start_broker(world: World, server: ServerConfig) -> Broker:
    """With the embedded rules, and the default log level instead of the tests' debug."""
    broker = world.broker(server, judge("rules", world, {"alice": ALLOW}), start=False)
    broker.config_values["log"] = {"level": "info", "format": "json"}
    broker.write_config()
    broker.start()
    broker.wait_instance(server.name, "RUNNING")
    return broker


def start_server(server: ServerConfig) -> LoggedProcess:
    openvpn = os.environ.get("OPENVPN", "/usr/sbin/openvpn")
    process = LoggedProcess(
        server.name, [openvpn, "--config", str(server.path)], server.path.with_suffix(".log")
    )
    process.lines.wait(
        lambda line: "Initialization Sequence Completed" in line,
        "the server without authentication",
        deadline=DEFAULT_DEADLINE,
    )
    return process


def connect(world: World, server: ServerConfig, count: int = 1) -> float:
    """Starts clients and waits until each has its tunnel. They stay until the end: one that says goodbye takes a second
    for it, and to one that was killed the server's packets are refused, an error that OpenVPN may take for another
    client's and lose that one's PUSH_REPLY."""
    start = time.monotonic()
    clients = [world.client(server, "alice") for _ in range(count)]
    for client in clients:
        client.wait_connected()
    return time.monotonic() - start


def measure(world: World) -> None:
    judged = world.server("judged", extra=SERVER_OPTIONS)
    # auth-user-pass-optional is refused where nothing authenticates.
    open_to_all = world.server("open", extra=SERVER_OPTIONS, passwords=True)
    broker = start_broker(world, judged)
    plain = start_server(open_to_all)
    try:
        assert broker.process is not None
        (child,) = processes_mentioning(str(judged.path))
        for server in (judged, open_to_all):
            connect(world, server)

        cpu: Callable[[], tuple[float, float]] = lambda: (
            cpu_seconds(broker.process.pid),
            cpu_seconds(child),
        )
        before = cpu()
        through_broker, without = [], []
        for _ in range(ROUNDS):
            through_broker.append(connect(world, judged))
            without.append(connect(world, open_to_all))
        for _ in range((CONNECTS - ROUNDS) // BATCH):
            connect(world, judged, BATCH)
        used, used_by_child = (end - begin for begin, end in zip(before, cpu()))
    finally:
        plain.kill()

    print(
        f"  time to tunnel through the broker, p50: {statistics.median(through_broker) * 1000:.1f} ms"
    )
    print(
        f"  time to tunnel without authentication, p50: {statistics.median(without) * 1000:.1f} ms"
    )
    print(f"  broker, processor time of a connect: {used / CONNECTS * 1e6:.0f} us")
    print(f"  openvpn, processor time of a connect: {used_by_child / CONNECTS * 1e6:.0f} us")
    report(
        "time to a working tunnel",
        statistics.median(through_broker) / statistics.median(without),
        TIME_BUDGET,
        "x",
        "the same server without authentication",
    )
    report(
        "broker CPU of a real connect",
        100 * used / used_by_child,
        CPU_BUDGET_PERCENT,
        "%",
        "the openvpn process that it controls",
    )


def main() -> None:
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        print("  needs root and /dev/net/tun: not measured")
        return
    namespace.enter_private_network()
    with tempfile.TemporaryDirectory(prefix="ovb-pki-") as folder:
        world = World(Pki(Path(folder)))
        try:
            measure(world)
        finally:
            world.close()


if __name__ == "__main__":
    main()
