#!/usr/bin/python3
"""What the broker costs real clients: the time from a client's start to its working tunnel, one at a time and in a
storm of 200, and the broker's processor time for each connect. The rivals are the same server without any
authentication, and the same server with an auth-user-pass-verify script; clients of all of them take turns. What the
least possible controller needs for a connect tells how much of the broker's time is the price of another process.

Needs root and /dev/net/tun; tests/bench/run.sh gives it a process and a network namespace of its own."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import namespace  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.server_config import ServerConfig  # noqa: E402
from harness.world import World, processes_mentioning  # noqa: E402
from real_servers import (  # noqa: E402
    CLIENT_NAME,
    CREDENTIALS,
    CpuMeter,
    LeastServer,
    judged_server,
    open_server,
    report,
    scripted_server,
    start_broker,
    start_server,
)

ROUNDS = 25
# Processor time is measured over the clients of the rounds and these, so many at a time.
CONNECTS = 100
BATCH = 5
STORM_CLIENTS = 200
STORM_ROUNDS = 2
STORM_DEADLINE = 60.0

TIME_BUDGET = 1.15
CPU_BUDGET_PERCENT = 2.0

NO_AUTHENTICATION = "the same server without authentication"
OWN_OPENVPN = "the openvpn process that it controls"
WITH_SCRIPT = "the same server with an auth-user-pass-verify script"


def connect(world: World, server: ServerConfig, count: int = 1, **options: Any) -> float:
    """Starts clients and waits until each has its tunnel. They stay until the end: one that says goodbye takes a second
    for it, and to one that was killed the server's packets are refused, an error that OpenVPN may take for another
    client's and lose that one's PUSH_REPLY."""
    start = time.monotonic()
    clients = [world.client(server, CLIENT_NAME, **options) for _ in range(count)]
    for client in clients:
        client.wait_connected(deadline=STORM_DEADLINE)
    return time.monotonic() - start


def measure(world: World) -> None:
    """One at a time."""
    judged = judged_server(world, "judged")
    open_to_all = open_server(world, "open")
    scripted = scripted_server(world, "scripted")
    broker = start_broker(world, judged)
    rivals = [start_server(open_to_all), start_server(scripted)]
    try:
        (child,) = processes_mentioning(str(judged.path))
        connect(world, judged)
        connect(world, open_to_all)
        connect(world, scripted, **CREDENTIALS)

        meter = CpuMeter(broker.pid, child)
        through_broker, without, by_script = [], [], []
        for _ in range(ROUNDS):
            through_broker.append(connect(world, judged))
            without.append(connect(world, open_to_all))
            by_script.append(connect(world, scripted, **CREDENTIALS))
        for _ in range((CONNECTS - ROUNDS) // BATCH):
            connect(world, judged, BATCH)
        used, used_by_child = meter.seconds()
    finally:
        for rival in rivals:
            rival.kill()

    ours, bare, script = (
        statistics.median(times) for times in (through_broker, without, by_script)
    )
    least, least_of_openvpn = measure_least(world)
    print(f"  time to tunnel through the broker, p50: {ours * 1000:.1f} ms")
    print(f"  time to tunnel without authentication, p50: {bare * 1000:.1f} ms")
    print(f"  time to tunnel with a script, p50: {script * 1000:.1f} ms")
    print(f"  broker, processor time of a connect: {used / CONNECTS * 1e6:.0f} us")
    print(f"  openvpn, processor time of a connect: {used_by_child / CONNECTS * 1e6:.0f} us")
    print(f"  the least possible controller, processor time of a connect: {least * 1e6:.0f} us")
    report("time to a working tunnel", ours / bare, TIME_BUDGET, "x", NO_AUTHENTICATION)
    report("time to a working tunnel", ours / script, None, "x", WITH_SCRIPT)
    report(
        "broker CPU of a real connect",
        100 * used / used_by_child,
        CPU_BUDGET_PERCENT,
        "%",
        OWN_OPENVPN,
    )
    report(
        "least controller's CPU of a real connect",
        100 * least / least_of_openvpn,
        None,
        "%",
        OWN_OPENVPN,
    )


def measure_least(world: World) -> tuple[float, float]:
    """Seconds of processor time for a connect: the least possible controller's, and its OpenVPN's."""
    server = judged_server(world, "least")
    least = LeastServer(server)
    try:
        connect(world, server)
        meter = CpuMeter(least.controller.pid, least.openvpn.pid)
        for _ in range(ROUNDS):
            connect(world, server)
        for _ in range((CONNECTS - ROUNDS) // BATCH):
            connect(world, server, BATCH)
        controller, openvpn = (seconds / CONNECTS for seconds in meter.seconds())
        return controller, openvpn
    finally:
        least.kill()


def storm(world: World, kind: str) -> float:
    """All clients at once, at a fresh server of its own world; seconds until the last has its tunnel."""
    if kind == "broker":
        server = judged_server(world, "judged")
        start_broker(world, server)
        return connect(world, server, STORM_CLIENTS)
    server = open_server(world, "open") if kind == "open" else scripted_server(world, "scripted")
    rival = start_server(server)
    try:
        return connect(world, server, STORM_CLIENTS, **(CREDENTIALS if kind == "script" else {}))
    finally:
        rival.kill()


def measure_storm(pki: Pki) -> None:
    times: dict[str, list[float]] = {"broker": [], "open": [], "script": []}
    for _ in range(STORM_ROUNDS):
        for kind, taken in times.items():
            in_world(pki, lambda world, kind=kind, taken=taken: taken.append(storm(world, kind)))
    ours, bare, script = (statistics.median(taken) for taken in times.values())
    print(f"  storm of {STORM_CLIENTS} through the broker: {ours:.2f} s")
    print(f"  storm of {STORM_CLIENTS} without authentication: {bare:.2f} s")
    print(f"  storm of {STORM_CLIENTS} with a script: {script:.2f} s")
    name = f"storm of {STORM_CLIENTS} real clients"
    report(name, ours / bare, TIME_BUDGET, "x", NO_AUTHENTICATION)
    report(name, ours / script, None, "x", WITH_SCRIPT)


def in_world(pki: Pki, action: Callable[[World], None]) -> None:
    world = World(pki)
    try:
        action(world)
    finally:
        world.close()


def main() -> None:
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        print("  needs root and /dev/net/tun: not measured")
        return
    namespace.enter_private_network()
    with tempfile.TemporaryDirectory(prefix="ovb-pki-") as folder:
        pki = Pki(Path(folder))
        in_world(pki, measure)
        measure_storm(pki)


if __name__ == "__main__":
    main()
