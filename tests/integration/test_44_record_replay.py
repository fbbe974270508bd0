"""Decisions are recorded and put again: to the same policy nothing differs, to another one the differences are told."""

import json
import subprocess
from pathlib import Path
from typing import Any

from harness.broker import Broker, build_directory, plain_yaml
from harness.timing import DEFAULT_DEADLINE, wait_until
from harness.world import World

SAME, NO_DRY_RUN, USAGE, UNREACHABLE, DIFFERENT = 0, 1, 2, 3, 5
PASSWORD = b"correct horse battery"
DRY_RUN = "CAPABILITY_DRY_RUN"


def replay(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
    return subprocess.run(
        [str(program), "replay", str(file), *arguments],
        capture_output=True,
        text=True,
        timeout=DEFAULT_DEADLINE,
        check=False,
    )


def decide(request: Any) -> dict[str, Any]:
    if request.session.common_name == "alice":
        routes = [{"destination": "192.168.0.0/16"}]
        options = ["setenv PROXY_PASSWORD geheim"]
        return {"allow": {"config": {"routes": routes, "push_options": options}}}
    return {"deny": {"reason": "closed", "client_reason": "Ask the help desk."}}


def recorded(world: World, policy: Any) -> tuple[Broker, Path]:
    """Two decisions of real clients, recorded by the real command."""
    server = world.server(passwords=True)
    broker = world.broker(server, policy)
    file = world.folder / "monday.jsonl"
    program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
    recorder = subprocess.Popen(
        [str(program), "--socket", str(broker.admin_socket), "record", "--count", "2", str(file)]
    )
    broker.wait_log("AUDIT", method="RecordingService.RecordDecisions", outcome="ok")
    world.client(server, "alice", username=b"alice", password=PASSWORD).wait_connected()
    world.client(server, "bob", username=b"bob", password=PASSWORD).wait_denied()
    assert recorder.wait(DEFAULT_DEADLINE) == 0
    return broker, file


def test_recorded_decisions_are_replayed(world: World) -> None:
    policy = world.policy(decide)
    _, file = recorded(world, policy)

    text = file.read_text()
    assert PASSWORD.decode() not in text and "geheim" not in text
    header, *lines = [json.loads(line) for line in text.splitlines()]
    assert header["format"] == "ovpn-broker-recording"
    assert {line["request"]["session"]["common_name"] for line in lines} == {"alice", "bob"}
    assert file.stat().st_mode & 0o777 == 0o600

    # The policy has not said that it knows dry runs.
    asked = len(policy.requests.all())
    refused = replay(file, "--policy", policy.address)
    assert refused.returncode == NO_DRY_RUN and DRY_RUN in refused.stderr
    assert len(policy.requests.all()) == asked
    forced = replay(file, "--policy", policy.address, "--allow-side-effects")
    assert forced.returncode == SAME, forced.stdout + forced.stderr

    candidate = world.policy(decide)
    candidate.hello_ack["capabilities"] = [DRY_RUN]
    same = replay(file, "--policy", candidate.address)
    assert same.returncode == SAME, same.stdout + same.stderr
    assert "2 asked: 2 the same, 0 different" in same.stdout and "latency: median" in same.stdout
    requests = candidate.requests.all()
    assert [request.dry_run for request in requests] == [True, True]
    assert requests[0].environment["IV_PLAT"] == b"linux"
    (hello, *_) = candidate.hellos.all()
    assert hello.mode == 2  # MODE_SHADOW


def test_other_verdicts_are_told_field_by_field_and_line_by_line(world: World) -> None:
    policy = world.policy(decide)
    _, file = recorded(world, policy)

    def other(request: Any) -> dict[str, Any]:
        if request.session.common_name == "alice":
            return {"allow": {"config": {"routes": [{"destination": "10.9.0.0/16"}]}}}
        return {"allow": {}}

    candidate = world.policy(other)
    candidate.hello_ack["capabilities"] = [DRY_RUN]
    found = replay(file, "--policy", candidate.address)
    assert found.returncode == DIFFERENT, found.stdout + found.stderr
    assert '- push "route 192.168.0.0 255.255.0.0"' in found.stdout
    assert '+ push "route 10.9.0.0 255.255.0.0"' in found.stdout
    assert "- DENY" in found.stdout and "+ ALLOW" in found.stdout

    rules = world.folder / "next.yaml"
    deny = {"reason": "closed", "client_reason": "Ask the help desk."}
    allow = {"routes": [{"destination": "192.168.0.0/16"}]}
    rules.write_text(
        plain_yaml(
            {
                "rules": [
                    {"name": "alice", "match": {"common_name": ["alice"]}, "allow": allow},
                    {"name": "rest", "deny": deny},
                ]
            }
        )
    )
    by_rules = replay(file, "--rules", str(rules), "-o", "json")
    report = json.loads(by_rules.stdout)
    assert by_rules.returncode == DIFFERENT and report["same"] == 1 and report["different"] == 1
    (difference,) = report["differences"]
    assert difference["common_name"] == "alice"
    (gone,) = difference["lines_gone"]
    assert gone.startswith('push "setenv') and "[hidden]" in gone and not difference["lines_new"]


def test_what_cannot_be_replayed_says_why(world: World) -> None:
    file = world.folder / "recording.jsonl"
    file.write_text('{"some": "log"}\n')
    assert "recording.jsonl:1: this is no recording" in replay(file, "--rules", "x").stderr
    file.write_text('{"format":"ovpn-broker-recording","version":1}\n{"request": 7}\n')
    broken = replay(file, "--rules", "x")
    assert broken.returncode == USAGE and "recording.jsonl:2: " in broken.stderr
    assert replay(world.folder / "none", "--rules", "x").returncode == USAGE


def test_recording_ends_with_its_time_and_is_refused_to_viewers(world: World) -> None:
    broker = world.broker(world.server(), world.rules_file([]))
    file = world.folder / "empty.jsonl"
    run = broker.ctl("record", "--for", "300ms", str(file))
    assert "0 decisions are in" in run.stderr
    unknown = broker.ctl("record", "--instance", "nowhere", str(file), check=False)
    assert unknown.returncode == 4 and "no instance is called nowhere" in unknown.stderr
    viewer = broker.runtime_directory / "viewer.sock"
    program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
    refused = subprocess.run(
        [str(program), "--socket", str(viewer), "record", str(file)],
        capture_output=True,
        check=False,
    )
    assert refused.returncode == 1
    wait_until(lambda: bool(broker.logged("AUDIT", outcome="failed")), "the refusal's record")
