"""The package in a clean Debian: it installs, its service serves a real client, upgrades without a cut, and goes."""

import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from clean_root import ROOT, UNIT, CleanRoot, run
from harness.namespace import next_port
from harness.notify_socket import NotifySocket
from harness.openvpn_client import RESTARTING, OpenvpnClient
from harness.pki import Pki
from harness.processes import LoggedProcess
from harness.server_config import ServerConfig

# As systemd-analyze counts, in tenths; docs/systemd.md tells it and says what it is made of.
HIGHEST_EXPOSURE = 22

SERVER = """\
dev tun
topology subnet
server 10.9.0.0 255.255.255.0
proto tcp-server
local 127.0.0.1
port {port}
dh none
ca ca.crt
cert server.crt
key server.key
keepalive 2 10
disable-dco
auth-user-pass-optional
user nobody
"""


def wait_line(process: LoggedProcess, text: str, after: int = 0) -> None:
    process.lines.wait(lambda line: text in line, text, after=after)


@pytest.fixture
def notify(root: CleanRoot) -> Iterator[NotifySocket]:
    """Outside of what the service may write, as systemd's is."""
    path = root.folder / "notify.sock"
    path.unlink(missing_ok=True)
    made = NotifySocket(str(path))
    path.chmod(0o666)
    yield made
    made.close()


def test_installed_programs_run(root: CleanRoot) -> None:
    for program in ["ovpn-brokerd", "ovpn-brokerctl", "ovpn-policy-check", "ovpn-policy-sim"]:
        assert root.chroot(program, "--version").stdout.startswith(f"{program} ")


def test_nothing_is_enabled_and_the_configuration_is_guarded(root: CleanRoot) -> None:
    wants = root.path("/etc/systemd/system")
    assert not [path for path in wants.rglob("*") if path.name == "ovpn-broker.service"]
    seen = root.chroot("stat", "-c", "%a %U %G", "/etc/ovpn-broker", "/etc/ovpn-broker/broker.yaml")
    assert seen.stdout.splitlines() == ["2750 root ovpn-broker", "640 root ovpn-broker"]


def test_fresh_configuration_lacks_the_server_and_nothing_else(root: CleanRoot) -> None:
    check = root.chroot("ovpn-brokerd", "--check-config", check=False)
    assert check.returncode == 2
    assert "office.conf" in check.stderr and "1 error, 0 warnings" in check.stderr
    rules = root.chroot(
        "ovpn-brokerctl",
        "policy",
        "test",
        "/etc/ovpn-broker/rules.yaml",
        "--cn",
        "alice",
        check=False,
    )
    assert rules.returncode == 1, "the rules of the package let somebody in"


def test_contents(package: Path) -> None:
    listed = {
        line.split()[5].removeprefix(".").rstrip("/"): line.split()
        for line in run("dpkg-deb", "-c", package).stdout.splitlines()
    }
    for path in [
        "/usr/lib/sysusers.d/ovpn-broker.conf",
        "/usr/lib/tmpfiles.d/ovpn-broker.conf",
        "/usr/share/bash-completion/completions/ovpn-brokerctl",
        "/usr/share/doc/ovpn-broker/changelog.Debian.gz",
        "/usr/share/doc/ovpn-broker/copyright",
        "/usr/share/doc/ovpn-broker/examples/policies/python/policy.py",
        "/usr/share/ovpn-broker/ovpnbroker.protoset",
        "/usr/share/ovpn-broker/proto/ovpnbroker/policy/v1/policy_service.proto",
        "/usr/share/ovpn-broker/proto/google/rpc/status.proto",
    ]:
        assert path in listed
    strangers = [path for path, columns in listed.items() if columns[1] != "root/root"]
    assert not strangers
    leftovers = ["node_modules", "__pycache__", ".pyc"]
    assert not [path for path in listed if any(word in path for word in leftovers)]
    assert run("dpkg-deb", "-I", package, "conffiles").stdout.split() == [
        "/etc/ovpn-broker/broker.yaml",
        "/etc/ovpn-broker/rules.yaml",
    ]


def test_unit_has_no_mistakes_and_little_exposure(root: CleanRoot) -> None:
    unit = root.folder / UNIT
    # Without a systemd there are no targets and no kill(1) where the unit looks; the rest must be said of nothing.
    verify = run("systemd-analyze", "verify", "--man=no", unit, check=False)
    own = [
        line
        for line in verify.stderr.splitlines()
        if "ovpn-broker" in line and "/usr/sbin/ovpn-brokerd is not executable" not in line
    ]
    assert own == []
    security = run(
        "systemd-analyze",
        "security",
        "--offline=yes",
        f"--threshold={HIGHEST_EXPOSURE}",
        unit,
        check=False,
    )
    assert security.returncode == 0, security.stdout
    told = f"says {HIGHEST_EXPOSURE / 10}"
    assert told in (ROOT / "docs" / "systemd.md").read_text()
    # The drop-in for servers that need root is one that systemd understands.
    drop_in = unit.with_name("ovpn-broker.service.d") / "root.conf"
    drop_in.parent.mkdir()
    example = root.path("/usr/share/doc/ovpn-broker/examples/run-as-root.conf")
    drop_in.write_bytes(example.read_bytes())
    again = run("systemd-analyze", "verify", "--man=no", unit, check=False)
    drop_in.unlink()
    drop_in.parent.rmdir()
    assert "root.conf" not in again.stderr


def test_existing_server_is_imported_served_upgraded_and_stopped(
    root: CleanRoot, pki: Pki, notify: NotifySocket, tmp_path: Path
) -> None:
    port = next_port()
    server = root.path("/etc/openvpn/server")
    (server / "office.conf").write_text(SERVER.format(port=port))
    for name, source in {
        "ca.crt": pki.ca,
        "server.crt": pki.server.certificate,
        "server.key": pki.server.key,
    }.items():
        (server / name).write_bytes(source.read_bytes())
    (server / "server.key").chmod(0o600)

    # The import says what stands in the way of a service that is not root; the operator does it.
    command = ["ovpn-brokerctl", "import", "/etc/openvpn/server/office.conf"]
    told = root.chroot(*command).stderr
    assert "server.key; chgrp ovpn-broker" in told and "office.conf:14: user" in told
    root.chroot("chgrp", "ovpn-broker", "/etc/openvpn/server/server.key")
    root.chroot("chmod", "g+r", "/etc/openvpn/server/server.key")
    (server / "office.conf").write_text(SERVER.format(port=port).replace("user nobody\n", ""))
    imported = "/etc/ovpn-broker/imported.yaml"
    assert "note" not in root.chroot(*command, "--output", imported).stderr
    root.chroot("mv", imported, "/etc/ovpn-broker/broker.yaml")
    root.chroot("ovpn-brokerd", "--check-config")

    service = root.start_service("/notify.sock")
    notify.wait("READY")
    wait_line(service, "Initialization Sequence Completed")
    status = Path(f"/proc/{service.pid}/status").read_text()
    assert "CapEff:\t0000000000001400" in status, "CAP_NET_ADMIN and CAP_NET_BIND_SERVICE"
    assert "office" in root.chroot("ovpn-brokerctl", "status").stdout
    socket = root.path("/run/ovpn-broker/admin.sock")
    assert stat.S_ISSOCK(socket.stat().st_mode)

    config = ServerConfig("office", pki, tmp_path, proto="tcp", port=port)
    client = OpenvpnClient(config, pki, pki.client("alice"), tmp_path / "alice")
    client.wait_connected()
    assert "alice" in root.chroot("ovpn-brokerctl", "sessions").stdout

    # An upgrade: new files, then what `systemctl restart` sends. Nobody is cut off.
    root.install()
    assert "imported-rules" in root.path("/etc/ovpn-broker/broker.yaml").read_text()
    service.signal(signal.SIGQUIT)
    assert service.wait_exit() == 0
    service = root.start_service("/notify.sock")
    notify.wait("READY")
    wait_line(service, "SESSION_ADOPTED")
    assert not [event for event in client.events.all() if event.kind == RESTARTING]

    bob = OpenvpnClient(config, pki, pki.client("bob"), tmp_path / "bob")
    bob.wait_connected()
    assert service.stop() == 0
    assert not (root.path("/run/ovpn-broker") / "office" / "management.sock").exists()
    for ended in [client, bob]:
        ended.process.kill()
