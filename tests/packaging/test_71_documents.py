"""The documents that install the broker and steer its service, followed word for word in a clean Debian: each `sh` block is typed in
as root. What is only shown there, in `console` blocks and README.md's indented ones, is listed here with the reason."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clean_root import ROOT, CleanRoot
from harness import document
from harness.document import Shell
from harness.processes import LoggedProcess
from office import OLD_UNIT, OPTIONAL, Office, cuts

QUICKSTART = "operator-quickstart.md"
SERVICE = "systemd.md"
# A compiler and minutes are needed for the first two; the run that these tests belong to has just done that.
RUN_ELSEWHERE = {
    "sudo deploy/install-packages.sh build package": "tests/run.sh --package, stage install",
    "deploy/package.sh": "tests/run.sh --package, stage build (package)",
    "sudo deploy/demo.sh": "tests/run.sh --demo",
    "sudo tests/run.sh": "is what runs this",
}


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


def test_every_command_is_run_or_has_a_reason() -> None:
    shown = [
        command
        for page in [QUICKSTART, SERVICE]
        for block in document.read(page)
        if block.kind == "console"
        for command in block.commands()
    ]
    readme = (ROOT / "README.md").read_text()
    shown += re.findall(r"^ {4}(sudo .*)$", readme, re.MULTILINE)
    assert set(shown) == set(RUN_ELSEWHERE)


def test_quickstart_leads_from_a_package_to_a_session(
    root: CleanRoot, package: Path, shell: Shell, old_office: Office
) -> None:
    place = root.path("/root/build/package") / package.name
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


def test_loop_that_hangs_is_replaced_by_the_watchdog(
    root: CleanRoot, shell: Shell, office: Callable[..., Office], journal: LoggedProcess
) -> None:
    server = office()
    server.give_key()
    # `systemctl edit` asks for an editor; this is the file that it writes. Seconds in place of half a minute.
    drop_in = root.path("/etc/systemd/system/ovpn-broker.service.d/override.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=3s\nTimeoutAbortSec=1s\n")
    shell.run("systemctl daemon-reload")
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
