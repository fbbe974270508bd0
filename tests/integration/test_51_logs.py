"""The broker's log: OpenVPN's own lines by instance, levels, and records with fields for systemd's journal."""

import os
import socket
import subprocess
from pathlib import Path

from harness.broker import build_directory
from harness.judges import allow_all
from harness.timing import DEFAULT_DEADLINE
from harness.world import World


def test_logs_show_openvpns_own_lines_of_one_instance(world: World) -> None:
    servers = [world.server("office"), world.server("home")]
    broker = world.broker(servers, world.policy(allow_all))
    text = broker.ctl("logs", "-n", "4096", "--instance", "home").stdout
    assert "OPENVPN" in text and "Initialization Sequence Completed" in text
    assert "instance=home" in text and "instance=office" not in text


def test_logs_with_a_text_show_only_records_with_it(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    for name in ("alice", "bob"):
        world.client(server, name).wait_connected()
        broker.wait_decision(name, outcome="VERIFIED")
    lines = broker.ctl("logs", "-n", "4096", "--grep", "COMMON_NAME=Alice").stdout.splitlines()
    assert lines and all("common_name=alice" in line for line in lines)
    # As many as asked for, although others have been written since.
    last = broker.ctl("logs", "-n", "2", "--grep", "common_name=alice").stdout.splitlines()
    assert last == lines[-2:]
    too_long = broker.ctl("logs", "--grep", "x" * 257, check=False)
    assert too_long.returncode == 1 and "text: at most 256 bytes" in too_long.stderr


def test_log_level_is_changed_and_reset(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    out = broker.ctl("log-level", "info", "--for", "3600", "--reason", "less of it").stdout
    assert out.startswith("level info, configured debug, falls back at ")
    record = broker.wait_log("AUDIT", method="LoggerService.SetLogLevel", outcome="ok")
    assert record.fields["reason"] == "less of it"
    assert broker.ctl("log-level", "--reset").stdout == "level debug, configured debug\n"


def test_openvpns_lines_below_openvpn_level_are_left_out(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all), start=False)
    broker.config_values["log"] |= {"openvpn_level": "warning"}
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    levels = {event.level for event in broker.logged("OPENVPN")}
    assert not levels & {"debug", "info"}
    assert broker.logged("CHILD_STARTED")


def test_text_for_the_journal_is_records_with_fields(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all), start=False)
    broker.config_values["log"] = {"level": "info", "format": "text"}
    broker.write_config()
    # The mounts are this process's own: what stands in for journald is seen by nobody else.
    Path("/run/systemd/journal").mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd/journal"], check=True)
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    process = None
    try:
        journal.bind("/run/systemd/journal/socket")
        journal.settimeout(DEFAULT_DEADLINE)
        with open(world.folder / "stderr", "wb") as stderr:
            status = os.fstat(stderr.fileno())
            process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "KILL",
                    build_directory() / "server" / "ovpn-brokerd",
                    "--config",
                    broker.config,
                ],
                stderr=stderr,
                env=os.environ | {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
            )
        record: dict[str, str] = {}
        while record.get("OVPNBROKER_ID") != "CHILD_STARTED":
            lines = journal.recv(1 << 20).decode().splitlines()
            record = dict(line.split("=", 1) for line in lines if "=" in line)
        assert record["INSTANCE"] == "office"
        assert record["PRIORITY"] == "6"
        assert record["MESSAGE"].startswith("CHILD_STARTED OpenVPN was started instance=office ")
        assert (world.folder / "stderr").read_bytes() == b""
    finally:
        if process is not None:
            process.terminate()
            process.wait(DEFAULT_DEADLINE)
        journal.close()
        subprocess.run(["umount", "/run/systemd/journal"], check=True)
