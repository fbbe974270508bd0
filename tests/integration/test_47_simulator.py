"""The simulator drives a real broker and the Python example with a thousand clients, without OpenVPN."""

import re
import subprocess
from pathlib import Path

from harness.broker import build_directory, plain_yaml
from harness.example_policy import ExamplePolicy
from harness.timing import SCALE
from harness.world import World

CLIENTS = 1000
DEADLINE = 120 * SCALE


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = build_directory() / "server" / "policy_sim" / "ovpn-policy-sim"
    broker = build_directory() / "server" / "ovpn-brokerd"
    return subprocess.run(
        [str(program), "--broker", str(broker), "--limit", str(int(DEADLINE)), *arguments],
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE,
        check=False,
    )


def directory(folder: Path) -> Path:
    """Of a thousand users, every tenth is in no group."""
    users = [f"dn: uid=user-{n},ou=people\nuid: user-{n}\n" for n in range(1, CLIENTS + 1)]
    members = [f"memberUid: user-{n}\n" for n in range(1, CLIENTS + 1) if n % 10]
    group = f"dn: cn=staff,ou=groups\ncn: staff\n{''.join(members)}vpnRoute: 192.168.0.0/16\n"
    file = folder / "directory.ldif"
    file.write_text("\n".join([*users, group]))
    return file


def test_a_thousand_clients_are_judged_by_the_python_example(world: World) -> None:
    policy = ExamplePolicy("python", world.folder, "--directory", str(directory(world.folder)))
    world.open_files.append(policy)
    run = simulate("--policy", policy.address, "--clients", str(CLIENTS), "--rate", "500")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(
        rf"^{CLIENTS} clients in .* s: 900 allowed, 100 denied, 0 unanswered$", run.stdout, re.M
    ), run.stdout
    assert re.search(r"^ +100 read: AUTH_FAILED$", run.stdout, re.M), run.stdout
    assert re.search(r"^question to answer: median [\d.]+ ms", run.stdout, re.M)


def test_clients_renegotiate_leave_and_differ_by_kind(world: World) -> None:
    rules = world.rules_file(
        [
            {"name": "laptops", "match": {"platform": ["linux"]}, "allow": {}},
            {"name": "rest", "deny": {"reason": "platform", "client_reason": "Laptops only."}},
        ]
    )
    options = world.folder / "office.yaml"
    phone = {"name": "phone-{}", "environment": {"IV_PLAT": "android"}}
    options.write_text(
        plain_yaml(
            {
                "clients": 40,
                "rate": 200,
                "stay": 3,
                "renegotiate": 1,
                "kinds": [{"name": "laptop-{}", "weight": 3, "bytes_per_second": 1000}, phone],
            }
        )
    )
    run = simulate("--rules", str(rules), "--options", str(options), "--for", "5")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "30 allowed, 10 denied, 0 unanswered" in run.stdout, run.stdout
    assert re.search(r"^ +10 read: Laptops only\.$", run.stdout, re.M), run.stdout
    renegotiated = re.search(r"^(\d+) renegotiations, 0 refused$", run.stdout, re.M)
    assert renegotiated and int(renegotiated[1]) >= 30, run.stdout
    (*_, last) = [line for line in run.stdout.splitlines() if line.startswith("arrived")]
    assert re.search(r"in +0 .* left +30 ", last), run.stdout


def test_what_is_wrong_is_said(world: World) -> None:
    options = world.folder / "office.yaml"
    options.write_text("clients: 10\nrat: 5\n")
    broken = simulate("--rules", "x", "--options", str(options))
    assert broken.returncode == 2
    assert "office.yaml:2: unknown key 'rat'; did you mean 'rate'?" in broken.stderr
    lost = simulate("--rules", str(world.folder / "none.yaml"))
    assert lost.returncode == 1 and "none.yaml" in lost.stderr
    assert simulate().returncode == 2
