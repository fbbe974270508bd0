"""The package over an older one, removed, and purged, on a system with a configured service and a client who is connected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clean_root import CleanRoot, run
from office import CONFIG, Office, cuts

BROKER = "/etc/ovpn-broker/broker.yaml"
RULES = "/etc/ovpn-broker/rules.yaml"
NEW_DEFAULT = "# A default of the next version.\n"


@pytest.fixture(scope="module")
def successor(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package with a higher version, whose configuration files begin otherwise."""
    folder = tmp_path_factory.mktemp("successor")
    content = folder / "content"
    run("dpkg-deb", "--raw-extract", package, content)
    control = content / "DEBIAN" / "control"
    version = run("dpkg-deb", "--field", package, "Version").stdout.strip()
    control.write_text(
        control.read_text().replace(f"Version: {version}\n", f"Version: {version}.1\n")
    )
    sums = content / "DEBIAN" / "md5sums"
    for name in [BROKER, RULES]:
        file = content / name.removeprefix("/")
        old = run("md5sum", file).stdout.split()[0]
        file.write_text(NEW_DEFAULT + file.read_text())
        sums.write_text(sums.read_text().replace(old, run("md5sum", file).stdout.split()[0]))
    run("dpkg-deb", "--build", "--root-owner-group", content, folder)
    return next(folder.glob("*.deb"))


def test_upgrade_keeps_sessions_and_configuration_and_brings_new_defaults(
    installed: CleanRoot, office: Callable[..., Office], successor: Path
) -> None:
    server = office()
    server.give_key()
    mine = installed.path(BROKER)
    mine.write_text(mine.read_text() + "metrics: { address: 127.0.0.1:9755 }\n")
    own_rules = "rules: [{ name: all, match: { common_name: ['*'] }, allow: {} }]\n"
    installed.path("/etc/ovpn-broker/own.yaml").write_text(own_rules)
    mine.write_text(mine.read_text().replace("file: rules.yaml", "file: own.yaml"))
    configured = mine.read_text()
    installed.run("chmod", "g+r", "/etc/ovpn-broker/own.yaml")
    installed.run("chgrp", "ovpn-broker", "/etc/ovpn-broker/own.yaml")
    installed.run("systemctl", "enable", "--now", "ovpn-broker")
    alice = server.connect("alice")
    before = installed.main_pid("ovpn-broker")

    installed.install(successor)

    version = installed.run("dpkg-query", "--show", "--showformat=${Version}", "ovpn-broker")
    assert version.stdout.endswith(".1")
    # Changed by the operator: kept, with the new default beside it. Not changed: replaced.
    assert mine.read_text() == configured
    assert mine.with_suffix(".yaml.dpkg-dist").read_text().startswith(NEW_DEFAULT)
    assert installed.path(RULES).read_text().startswith(NEW_DEFAULT)
    seen = installed.run("stat", "-c", "%a %U %G", "/etc/ovpn-broker", BROKER, RULES)
    assert seen.stdout.splitlines() == [
        "2750 root ovpn-broker",
        "640 root ovpn-broker",
        "640 root ovpn-broker",
    ]
    # A new broker, and nobody was cut off.
    assert installed.main_pid("ovpn-broker") not in (0, before)
    assert "alice" in installed.run("ovpn-brokerctl", "sessions").stdout
    assert cuts(alice) == []
    server.connect("bob")
    assert installed.run("systemctl", "is-enabled", "ovpn-broker").stdout.strip() == "enabled"


def test_upgrade_does_not_start_a_service_that_was_stopped(
    installed: CleanRoot, package: Path, successor: Path
) -> None:
    installed.run("systemctl", "stop", "ovpn-broker")
    installed.install(package)
    assert installed.main_pid("ovpn-broker") == 0
    installed.install(successor)
    assert installed.main_pid("ovpn-broker") == 0


def test_removal_ends_the_servers_and_keeps_what_is_the_operators(
    installed: CleanRoot, office: Callable[..., Office], package: Path
) -> None:
    server = office()
    server.give_key()
    installed.run("systemctl", "start", "ovpn-broker")
    server.connect("alice")
    installed.run("ovpn-brokerctl", "bans", "add", "--user", "mallory", "--reason", "test")

    installed.run("apt-get", "remove", "-y", "ovpn-broker")

    assert installed.run("pgrep", "openvpn|ovpn-brokerd", check=False).returncode == 1
    assert not installed.path("/usr/sbin/ovpn-brokerd").exists()
    assert installed.path(BROKER).exists() and installed.path(CONFIG).exists()
    installed.install(package)
    installed.run("systemctl", "start", "ovpn-broker")
    assert "mallory" in installed.run("ovpn-brokerctl", "bans", "list").stdout
    server.connect("carol")


def test_purge_leaves_nothing_but_files_of_the_operator(installed: CleanRoot) -> None:
    installed.run("apt-get", "purge", "-y", "ovpn-broker")
    assert installed.run("pgrep", "openvpn|ovpn-brokerd", check=False).returncode == 1
    for gone in ["/var/lib/ovpn-broker", "/var/log/ovpn-broker", "/usr/share/ovpn-broker"]:
        assert not installed.path(gone).exists(), gone
    left = [path.name for path in installed.path("/etc/ovpn-broker").iterdir()]
    assert left == ["own.yaml"]
    enabled = installed.path("/etc/systemd/system/multi-user.target.wants/ovpn-broker.service")
    assert not enabled.is_symlink()
    assert "0 loaded units listed" in installed.run("systemctl", "list-units", "--failed").stdout
