"""What monitoring reads over HTTP from a broker that works: metrics, health and readiness, on the real OpenVPN."""

import os
import re
import signal
import time
from pathlib import Path

from harness.broker import Broker
from harness.judges import allow_all
from harness.management_tool import ManagementTool
from harness.monitoring import broker_with_metrics, fetch, promtool, read_metrics, wait_page
from harness.timing import wait_until
from harness.world import World

ROOT = Path(__file__).resolve().parents[2]


def by_name(request: object) -> dict[str, object]:
    """mallory is denied, everybody else is let in."""
    if request.session.common_name == "mallory":  # type: ignore[attr-defined]
        return {"deny": {"reason": "not wanted", "client_reason": "go away"}}
    return {"allow": {}}


def test_metrics_tell_decisions_sessions_and_states(world: World) -> None:
    server = world.server()
    broker = broker_with_metrics(world, server, world.policy(by_name))
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    world.client(server, "mallory").wait_denied()
    broker.wait_decision("mallory", "DECISION_DENIED")
    broker.kill_session(broker.session_of("alice").uid, "HALT")

    metrics = read_metrics(broker)
    decided = {"ovpn_instance": "office", "policy": "judge", "cause": "verdict"}
    assert metrics.value("ovpnbroker_decisions_total", outcome="allowed", **decided) >= 1
    assert metrics.value("ovpnbroker_decisions_total", outcome="denied", **decided) >= 1
    office = {"ovpn_instance": "office"}
    assert metrics.value("ovpnbroker_answers_total", result="verified", **office) >= 1
    assert metrics.value("ovpnbroker_decision_seconds_count", stage="ask", **office) >= 2
    assert metrics.value("ovpnbroker_decision_seconds_count", stage="establish", **office) >= 1
    assert metrics.value("ovpnbroker_kills_total", **office) == 1
    assert metrics.value("ovpnbroker_session_changes_total", change="established", **office) >= 1
    assert metrics.value("ovpnbroker_instance_state", state="running", **office) == 1
    assert metrics.value("ovpnbroker_instance_state", state="failed", **office) == 0
    assert metrics.value("ovpnbroker_management_connected", **office) == 1
    assert metrics.value("ovpnbroker_client_bytes_total", direction="received", **office) > 0
    assert metrics.value("ovpnbroker_policy_ready", policy="judge") == 1
    assert metrics.value("ovpnbroker_policy_verdicts_total", policy="judge") >= 2
    assert metrics.value("ovpnbroker_loop_responsive") == 1


def test_metrics_tell_bans_and_whom_they_denied(world: World) -> None:
    server = world.server()
    broker = broker_with_metrics(world, server, world.policy(allow_all))
    ban = broker.ctl_json("bans", "add", "--cn", "mallory", "--reason", "laptop lost")["ban"]
    broker.ctl("bans", "add", "--address", "192.0.2.0/24", "--reason", "scans")
    world.client(server, "mallory").wait_denied()
    broker.wait_decision("mallory", "DECISION_BANNED")
    metrics = read_metrics(broker)
    assert metrics.value("ovpnbroker_bans", kind="common_name") == 1
    assert metrics.value("ovpnbroker_bans", kind="real_address") == 1
    assert metrics.value("ovpnbroker_bans", kind="username") == 0
    denied = {"ovpn_instance": "office", "policy": "", "outcome": "denied", "cause": "banned"}
    assert metrics.value("ovpnbroker_decisions_total", **denied) >= 1
    assert metrics.value("ovpnbroker_ban_changes_total", change="added") == 2

    broker.ctl("bans", "remove", ban["uid"])
    metrics = read_metrics(broker)
    assert metrics.value("ovpnbroker_bans", kind="common_name") == 0
    assert metrics.value("ovpnbroker_ban_changes_total", change="removed") == 1
    assert promtool("check", "metrics", stdin=fetch(broker, "/metrics")[1]) == ""


def test_metrics_tell_tools_on_the_passthrough_socket(world: World) -> None:
    socket = world.folder / "tools.sock"
    broker = broker_with_metrics(
        world, world.server(), world.policy(allow_all), passthrough={"socket": str(socket)}
    )
    tool = ManagementTool(socket)
    assert tool.ask("pid")[0].startswith("SUCCESS: pid=")
    assert tool.ask("kill nobody")[0].startswith("ERROR: the 'kill' command is refused")
    metrics = read_metrics(broker)
    office = {"ovpn_instance": "office"}
    assert metrics.value("ovpnbroker_passthrough_tools", **office) == 1
    commands = "ovpnbroker_passthrough_commands_total"
    assert metrics.value(commands, result="forwarded", **office) == 1
    assert metrics.value(commands, result="refused", **office) == 1
    assert metrics.value("ovpnbroker_passthrough_tools_cut_total", **office) == 0
    tool.close()
    wait_until(
        lambda: read_metrics(broker).value("ovpnbroker_passthrough_tools", **office) == 0,
        "the tool's end in the metrics",
    )


def test_health_tells_what_serves(world: World) -> None:
    policy = world.policy(allow_all, start=False)
    broker = world.broker(world.server(), policy)
    wait_until(
        lambda: broker.ctl("health", "instances/office", check=False).returncode == 0,
        "the instance's good health",
    )
    missing = broker.ctl("health", check=False)
    assert missing.returncode == 6
    statuses = dict(line.split() for line in missing.stdout.splitlines())
    assert statuses == {
        "SERVICE": "STATUS",
        "broker": "SERVING",
        "ovpnbroker.admin.v1": "SERVING",
        "ovpnbroker.policy": "NOT_SERVING",
        "instances/office": "SERVING",
    }
    policy.start()
    wait_until(lambda: broker.ctl("health", check=False).returncode == 0, "health of all")
    broker.ctl("instances", "stop", "office", "--yes")
    wait_until(
        lambda: broker.ctl("health", "instances/office", check=False).returncode == 6,
        "the instance's bad health",
    )
    assert broker.ctl("health", "broker", "ovpnbroker.policy").returncode == 0


def test_metrics_hold_no_name_or_address_of_a_client(world: World) -> None:
    server = world.server()
    broker = broker_with_metrics(world, server, world.policy(allow_all))
    world.client(server, "alice").wait_connected()
    address = broker.session_of("alice").real_address
    text = fetch(broker, "/metrics")[1]
    assert "alice" not in text
    assert address.rsplit(":", 1)[-1] not in re.findall(r"\"([^\"]*)\"", text)
    assert address not in text


def test_metrics_are_what_prometheus_wants_and_what_the_page_says(world: World) -> None:
    server = world.server()
    broker = broker_with_metrics(world, server, world.policy(allow_all))
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    status, text = fetch(broker, "/metrics")
    assert status == 200
    assert promtool("check", "metrics", stdin=text) == ""
    documented = set(
        re.findall(r"^\| `(ovpnbroker_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    )
    exported = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert exported <= documented


def test_ready_says_what_is_missing(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all, start=False)
    broker = broker_with_metrics(world, server, policy)
    status, body = fetch(broker, "/readyz")
    assert (status, body) == (503, "policy judge of instance office cannot be asked\n")
    assert fetch(broker, "/healthz") == (200, "ok\n")

    policy.start()
    wait_page(broker, "/readyz", 200, "ready\n")

    broker.signal(signal.SIGUSR2)
    wait_page(broker, "/readyz", 503, "instance office is STOPPED\n")
    assert fetch(broker, "/nothing")[0] == 404


def test_a_broker_whose_loop_is_stuck_is_not_healthy_and_metrics_do_not_hang(world: World) -> None:
    server = world.server()
    broker = broker_with_metrics(world, server, world.policy(allow_all))
    # Only the loop's thread stops: it is the process's first one, and a debugger's stop is one for a single thread.
    with stopped_thread(broker):
        begin = time.monotonic()
        status, text = fetch(broker, "/metrics")
        assert status == 200 and "\novpnbroker_loop_responsive 0\n" in text
        assert 'ovpnbroker_instance_state{ovpn_instance="office",state="running"}' in text
        assert fetch(broker, "/healthz")[0] == 503
        assert fetch(broker, "/readyz")[0] == 503
        assert time.monotonic() - begin < 8
    wait_page(broker, "/healthz", 200, "ok\n")


def seconds_from_stopped_to_exit(broker: Broker) -> float:
    """What the process still does once its loop has ended."""
    broker.signal(signal.SIGTERM)
    broker.wait_log("BROKER_STOPPED")
    begin = time.monotonic()
    assert broker.process is not None and broker.process.wait_exit() == 0
    return time.monotonic() - begin


def test_metrics_do_not_hold_up_the_end(world: World) -> None:
    plain = world.broker(world.server(), world.policy(allow_all))
    without = seconds_from_stopped_to_exit(plain)
    broker = broker_with_metrics(world, world.server("home"), world.policy(allow_all))
    fetch(broker, "/healthz")  # the HTTP server waits for the next one from now on, 2 s at a time
    assert seconds_from_stopped_to_exit(broker) < without + 1


class stopped_thread:
    """The broker's loop thread stands still inside this block, its other threads run."""

    PTRACE_ATTACH, PTRACE_DETACH = 16, 17

    def __init__(self, broker: Broker):
        self.pid = broker.pid

    def _ptrace(self, request: int) -> None:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        none = ctypes.c_void_p(0)
        if libc.ptrace(request, self.pid, none, none) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self) -> None:
        self._ptrace(self.PTRACE_ATTACH)
        os.waitpid(self.pid, 0)

    def __exit__(self, *_: object) -> None:
        self._ptrace(self.PTRACE_DETACH)
