"""The package in a clean Debian: what is in it, and a server that is imported, served, restarted and stopped by its unit."""

from collections.abc import Callable
from pathlib import Path

from clean_root import ROOT, CleanRoot, run
from office import CONFIG, OPTIONAL, USER, Office

# As systemd-analyze counts, in tenths; docs/systemd.md tells it and says what it is made of.
HIGHEST_EXPOSURE = 22
UNIT = "/usr/lib/systemd/system/ovpn-broker.service"
EXAMPLES = "/usr/share/doc/ovpn-broker/examples"


def test_installed_programs_run(installed: CleanRoot) -> None:
    for program in ["ovpn-brokerd", "ovpn-brokerctl", "ovpn-policy-check", "ovpn-policy-sim"]:
        assert installed.run(program, "--version").stdout.startswith(f"{program} ")


def test_installed_kit_drives_the_installed_broker(installed: CleanRoot) -> None:
    command = ["ovpn-policy-sim", "--rules", "/etc/ovpn-broker/rules.yaml", "--clients", "20"]
    assert "20" in installed.run(*command).stdout
    assert "handshake" in installed.run("ovpn-policy-check", "--list").stdout


def test_nothing_is_enabled_and_the_configuration_is_guarded(installed: CleanRoot) -> None:
    wants = installed.path("/etc/systemd/system")
    assert not [path for path in wants.rglob("*") if path.name == "ovpn-broker.service"]
    seen = installed.run(
        "stat", "-c", "%a %U %G", "/etc/ovpn-broker", "/etc/ovpn-broker/broker.yaml"
    )
    assert seen.stdout.splitlines() == ["2750 root ovpn-broker", "640 root ovpn-broker"]


def test_fresh_configuration_lacks_the_server_and_nothing_else(installed: CleanRoot) -> None:
    check = installed.run("ovpn-brokerd", "--check-config", check=False)
    assert check.returncode == 2
    assert "office.conf" in check.stderr and "1 error, 0 warnings" in check.stderr
    rules = installed.run(
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
        "/usr/bin/ovpn-brokerctl",
        "/usr/bin/ovpn-policy-check",
        "/usr/bin/ovpn-policy-sim",
        "/usr/sbin/ovpn-brokerd",
        UNIT,
        "/usr/lib/sysusers.d/ovpn-broker.conf",
        "/usr/lib/tmpfiles.d/ovpn-broker.conf",
        "/usr/share/bash-completion/completions/ovpn-brokerctl",
        "/usr/share/zsh/vendor-completions/_ovpn-brokerctl",
        "/usr/share/man/man1/ovpn-brokerctl.1.gz",
        "/usr/share/man/man1/ovpn-policy-check.1.gz",
        "/usr/share/man/man1/ovpn-policy-sim.1.gz",
        "/usr/share/man/man5/ovpn-broker.yaml.5.gz",
        "/usr/share/man/man8/ovpn-brokerd.8.gz",
        f"{EXAMPLES}/broker.example.yaml",
        f"{EXAMPLES}/rules.example.yaml",
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


def test_unit_has_no_mistakes_and_little_exposure(installed: CleanRoot) -> None:
    verify = installed.run("systemd-analyze", "verify", "--man=no", UNIT)
    assert verify.stderr == ""
    threshold = f"--threshold={HIGHEST_EXPOSURE}"
    installed.run("systemd-analyze", "security", "--no-pager", threshold, "ovpn-broker")
    assert f"says {HIGHEST_EXPOSURE / 10}" in (ROOT / "docs" / "systemd.md").read_text()


def test_existing_server_is_imported_served_by_the_unprivileged_unit_and_stopped(
    installed: CleanRoot, office: Callable[..., Office]
) -> None:
    server = office(extra=OPTIONAL + USER)

    # The import says what stands in the way of a service that is not root; the operator does it.
    command = ["ovpn-brokerctl", "import", CONFIG]
    told = installed.run(*command).stderr
    assert "server.key; chgrp ovpn-broker" in told and "office.conf:14: user" in told
    server.give_key()
    server.drop(USER)
    imported = "/etc/ovpn-broker/imported.yaml"
    assert "note" not in installed.run(*command, "--output", imported).stderr
    installed.run("mv", imported, "/etc/ovpn-broker/broker.yaml")

    installed.run("systemctl", "start", "ovpn-broker")
    status = f"/proc/{installed.main_pid('ovpn-broker')}/status"
    # CAP_NET_ADMIN and CAP_NET_BIND_SERVICE
    assert "0000000000001400" in installed.run("grep", "CapEff", status).stdout
    children = installed.run("ps", "-o", "user=", "-C", "openvpn").stdout.split()
    assert set(children) == {"ovpn-broker"} or set(children) == {"ovpn-br+"}
    assert "office" in installed.run("ovpn-brokerctl", "status").stdout
    server.connect("alice")
    assert "alice" in installed.run("ovpn-brokerctl", "sessions").stdout

    installed.run("systemctl", "stop", "ovpn-broker")
    assert installed.run("pgrep", "-x", "openvpn", check=False).returncode == 1
    left = installed.run("find", "/run/ovpn-broker", "-type", "s").stdout
    assert left == "", "sockets are left"


def test_drop_in_for_root_gives_what_the_unit_withholds(
    installed: CleanRoot, office: Callable[..., Office]
) -> None:
    """The server keeps its `user` line, and its key stays root's own."""
    server = office(extra=OPTIONAL + USER)
    installed.run("rm", "-f", "/etc/ovpn-broker/broker.yaml")
    imported = installed.run("ovpn-brokerctl", "import", CONFIG).stdout
    installed.path("/etc/ovpn-broker/broker.yaml").write_text(imported)
    drop_in = installed.path("/etc/systemd/system/ovpn-broker.service.d/root.conf")
    drop_in.parent.mkdir()
    drop_in.write_bytes(installed.path(f"{EXAMPLES}/run-as-root.conf").read_bytes())
    installed.run("systemctl", "daemon-reload")
    installed.run("systemctl", "start", "ovpn-broker")
    server.connect("alice")
    assert "nobody" in installed.run("ps", "-o", "user=", "-C", "openvpn").stdout
    installed.run("systemctl", "stop", "ovpn-broker")
