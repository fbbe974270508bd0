"""The documents that install the broker and steer its service, followed word for word in a clean Debian: each `sh` block is typed in
as root, and so is what their tables and sentences show of systemctl, apt and adduser (see harness/typed_lists.py)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clean_root import CleanRoot
from harness import document
from harness.document import Shell
from harness.processes import LoggedProcess
from office import OLD_UNIT, OPTIONAL, Office, cuts

QUICKSTART = "operator-quickstart.md"
SERVICE = "systemd.md"


@pytest.fixture
def shell(root: CleanRoot) -> Iterator[Shell]:
    shell = root.shell()
    shell.run("cd /root")
    yield shell
    shell.close()


@pytest.fixture
def old_office(shell: Shell, office: Callable[..., Office]) -> Office:
    """Served by OpenVPN's own unit, with a configuration that is ready for a broker."""
    server = office(extra="")
    shell.run(f"systemctl enable --now {OLD_UNIT}")
    server.add(OPTIONAL)
    return server


@pytest.fixture
def journal(root: CleanRoot) -> Iterator[LoggedProcess]:
    journal = root.journal("ovpn-broker")
    yield journal
    journal.kill()


def test_quickstart_leads_from_a_package_to_a_session(
    root: CleanRoot, package: Path, shell: Shell, old_office: Office
) -> None:
    place = root.path("/root/build/release") / package.name
    place.parent.mkdir(parents=True)
    place.write_bytes(package.read_bytes())

    for block in document.read(QUICKSTART):
        shell.follow(block)

    old_office.connect("alice")
    assert "alice" in shell.run("ovpn-brokerctl sessions")
    assert "inactive" in shell.run(f"systemctl is-active {OLD_UNIT}  # exits with 3")
    assert "enabled" in shell.run("systemctl is-enabled ovpn-broker")
    assert "Please call the help desk." in shell.run(
        "ovpn-brokerctl policy test /etc/ovpn-broker/rules.yaml --cn bob --from 192.0.2.7  # exits with 1"
    )
    # Of "Day to day".
    shell.run("systemctl kill --kill-whom=main --signal=USR2 ovpn-broker")
    shell.run("timeout 20 sh -c 'while pgrep -x openvpn; do sleep 0.1; done'")
    shell.run("ovpn-brokerctl status")
    shell.run("systemctl kill --kill-whom=main --signal=USR1 ovpn-broker")
    old_office.connect("carol")
    shell.run("apt-get purge -y ovpn-broker")


def test_service_page_installs_imports_and_starts(
    root: CleanRoot, package: Path, shell: Shell, old_office: Office
) -> None:
    root.path(f"/root/{package.name}").write_bytes(package.read_bytes())
    install, start = [block for block in document.read(SERVICE) if block.kind == "sh"]
    shell.follow(install)
    old_office.give_key()
    shell.follow(start)
    old_office.connect("alice")
    shell.run("useradd alice && adduser alice ovpn-broker")
    assert "alice" in shell.run("runuser -u alice -- ovpn-brokerctl sessions")
    assert "office" in shell.run("runuser -u alice -- ovpn-brokerctl instances")


def adopted(journal: LoggedProcess, after: int) -> None:
    journal.lines.wait(lambda line: "SESSION_ADOPTED" in line, "SESSION_ADOPTED", after=after)


def test_sessions_live_on_as_the_service_page_says(
    root: CleanRoot, shell: Shell, office: Callable[..., Office], journal: LoggedProcess
) -> None:
    """Its table, line by line, on the service of the test before, whose server is another one now."""
    server = office()
    server.give_key()
    shell.run("systemctl stop ovpn-broker && systemctl start ovpn-broker")
    alice = server.connect("alice")

    seen = journal.lines.position()
    shell.run("systemctl restart ovpn-broker")
    adopted(journal, seen)

    shell.run("systemctl reload ovpn-broker")
    shell.run("echo 'nonsense: true' >> /etc/ovpn-broker/broker.yaml")
    shell.run("systemctl reload ovpn-broker  # exits with 1")
    shell.run("sed -i '/nonsense/d' /etc/ovpn-broker/broker.yaml")
    shell.run("systemctl reload ovpn-broker")

    seen, before = journal.lines.position(), root.main_pid("ovpn-broker")
    shell.run("systemctl kill --kill-whom=main --signal=KILL ovpn-broker")
    adopted(journal, seen)
    assert root.main_pid("ovpn-broker") not in (0, before)

    assert cuts(alice) == []
    server.connect("bob")
    shell.run("systemctl stop ovpn-broker")
    shell.run("pgrep -x openvpn  # exits with 1")


def edit_service(shell: Shell, drop_in: str) -> None:
    """With an editor that writes this; `systemctl edit` wants a terminal, which script(1) is."""
    shell.write("/root/drop-in.conf", drop_in)
    shell.write("/root/editor", '#!/bin/sh\nfor file; do :; done\ncp /root/drop-in.conf "$file"')
    shell.run("chmod +x /root/editor")
    edit = "SYSTEMD_EDITOR=/root/editor systemctl edit ovpn-broker"
    shell.run(f"script --quiet --return --command '{edit}' /dev/null")
    assert drop_in in shell.run("systemctl cat ovpn-broker")


def test_loop_that_hangs_is_replaced_by_the_watchdog(
    root: CleanRoot, shell: Shell, office: Callable[..., Office], journal: LoggedProcess
) -> None:
    server = office()
    server.give_key()
    # In place of half a minute.
    edit_service(shell, "[Service]\nWatchdogSec=3s\nTimeoutAbortSec=1s\n")
    shell.run("systemctl stop ovpn-broker && systemctl start ovpn-broker")
    alice = server.connect("alice")
    seen = journal.lines.position()
    shell.run("systemctl kill --kill-whom=main --signal=STOP ovpn-broker")
    adopted(journal, seen)
    assert cuts(alice) == []
    shell.run("systemctl stop ovpn-broker")


def test_exit_code_of_a_faulty_configuration_is_not_tried_again(
    root: CleanRoot, shell: Shell
) -> None:
    shell.run("systemctl stop ovpn-broker")
    root.path("/etc/ovpn-broker/broker.yaml").write_text("nonsense: true\n")
    shell.run("systemctl start ovpn-broker  # exits with 1")
    shown = shell.run("systemctl show --property=NRestarts,ExecMainStatus,ActiveState ovpn-broker")
    assert "NRestarts=0" in shown and "ExecMainStatus=2" in shown and "ActiveState=failed" in shown
