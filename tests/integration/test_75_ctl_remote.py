"""ovpn-brokerctl reaches a broker on another machine by certificate, and remembers it as a context."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.admin_tcp import broker_on_tcp
from harness.broker import build_directory
from harness.timing import DEFAULT_DEADLINE
from harness.world import World

OPERATOR = "URI:spiffe://corp/ops/alice"


class Ctl:
    """The program with a contexts file of its own."""

    def __init__(self, folder: Path):
        self.contexts = folder / "contexts" / "contexts.yaml"
        self.environment = {"PATH": os.environ["PATH"], "OVPN_BROKER_CONTEXTS": str(self.contexts)}

    def run(self, *arguments: str, exit_code: int = 0, **environment: str) -> Any:
        run = subprocess.run(
            [str(build_directory() / "server" / "ctl" / "ovpn-brokerctl"), *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=DEFAULT_DEADLINE,
            check=False,
        )
        assert run.returncode == exit_code, f"{arguments}: {run.stdout}{run.stderr}"
        return run


@pytest.fixture
def remote(world: World) -> Any:
    """A broker that listens on TCP, and the options that reach it."""
    roles = [{"san": "uri:spiffe://corp/ops/*", "role": "operator"}]
    broker, port = broker_on_tcp(world, "elsewhere", roles)
    own = world.pki.issue("alice-admin", "clientAuth", names=(OPERATOR,))
    own.key.chmod(0o600)
    broker.reached_by = [
        *("--server", f"127.0.0.1:{port}", "--server-name", "localhost"),
        *("--ca", str(world.pki.ca), "--cert", str(own.certificate), "--key", str(own.key)),
    ]
    broker.admin_key = own.key
    return broker


def test_certificates_and_contexts_reach_a_broker_elsewhere(world: World, remote: Any) -> None:
    ctl = Ctl(world.folder)
    answer = json.loads(ctl.run(*remote.reached_by, "instances", "-o", "json").stdout)
    assert [one["name"] for one in answer["instances"]] == ["office"]

    # The first context becomes the current one.
    ctl.run("context", "set", "berlin", *remote.reached_by)
    assert 'state: "STATE_RUNNING"' in ctl.run("instances", "-o", "yaml").stdout
    assert "office" in ctl.run("instances", OVPN_BROKER_CONTEXT="berlin").stdout

    ctl.run("context", "set", "nowhere", "--socket", str(world.folder / "none.sock"))
    ctl.run("context", "use", "nowhere")
    assert "there is no socket" in ctl.run("status", exit_code=3).stderr
    ctl.run("--context", "berlin", "status")
    unknown = ctl.run("--context", "berlni", "status", exit_code=3).stderr
    assert "did you mean 'berlin'?" in unknown


def test_open_keys_and_foreign_contexts_are_refused(world: World, remote: Any) -> None:
    ctl = Ctl(world.folder)
    ctl.run("context", "set", "berlin", *remote.reached_by)
    assert ctl.contexts.stat().st_mode & 0o777 == 0o600

    remote.admin_key.chmod(0o644)
    assert "others can read" in ctl.run("status", exit_code=3).stderr
    remote.admin_key.chmod(0o600)
    ctl.run("status")

    ctl.contexts.chmod(0o666)
    assert "others can write it" in ctl.run("status", exit_code=3).stderr


def test_a_broker_with_another_name_is_not_believed(world: World, remote: Any) -> None:
    ctl = Ctl(world.folder)
    options = list(remote.reached_by)
    options[options.index("localhost")] = "other.example.net"
    ctl.run(*options, "status", exit_code=3)
