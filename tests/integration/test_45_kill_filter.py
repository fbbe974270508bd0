"""`ovpn-brokerctl kill --filter` on real clients: it asks first, ends whom the operator agreed to and nobody else, and leaves
an audit record."""

import os
import subprocess
from dataclasses import dataclass

import pytest

from harness.broker import Broker, build_directory
from harness.judges import allow_all
from harness.openvpn_client import SERVER_HALT, OpenvpnClient
from harness.server_config import ServerConfig
from harness.timing import DEFAULT_DEADLINE
from harness.world import World

BOTH = 'common_name = "staff-*"'
METHOD = "SessionService.KillSessions"


class OnTerminal:
    """`ovpn-brokerctl kill` with a terminal to ask on."""

    def __init__(self, broker: Broker, *arguments: str):
        self.terminal, end = os.openpty()
        program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
        self.run = subprocess.Popen(
            [str(program), "--socket", str(broker.admin_socket), "kill", *arguments],
            stdin=end,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(end)

    def question(self) -> str:
        """What it asks; it waits then."""
        assert self.run.stderr is not None
        asked = ""
        while not asked.endswith("[y/N] "):
            character = self.run.stderr.read(1)
            assert character, f"it asked nothing: {asked}"
            asked += character
        return asked

    def answer(self, text: str) -> tuple[int, str, str]:
        """Exit code, output and errors."""
        os.write(self.terminal, text.encode() + b"\n")
        out, error = self.run.communicate(timeout=DEFAULT_DEADLINE)
        os.close(self.terminal)
        return self.run.returncode, out, error


@dataclass(frozen=True)
class Office:
    server: ServerConfig
    broker: Broker
    clients: dict[str, OpenvpnClient]


@pytest.fixture
def office(world: World) -> Office:
    """Three clients, two of them staff."""
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    clients = {name: world.client(server, name) for name in ("staff-1", "staff-2", "guest")}
    for name, client in clients.items():
        client.wait_connected()
        broker.session_of(name)
    return Office(server, broker, clients)


def live(broker: Broker) -> list[str]:
    return sorted(row["common_name"] for row in broker.ctl_json("sessions")["sessions"])


def test_several_sessions_are_ended_only_when_somebody_agrees(office: Office) -> None:
    broker, clients = office.broker, office.clients
    everybody = live(broker)
    without_terminal = broker.ctl("kill", "--filter", BOTH, check=False)
    assert without_terminal.returncode == 2
    assert "2 sessions match; say --yes to kill them all" in without_terminal.stderr

    refused = OnTerminal(broker, "--filter", BOTH)
    assert refused.question() == "Kill 2 sessions? [y/N] "
    assert refused.answer("n")[0] == 2
    assert live(broker) == everybody
    assert broker.logged("AUDIT", method=METHOD) == []

    agreed = OnTerminal(broker, "--filter", BOTH, "--reason", "maintenance")
    agreed.question()
    code, out, error = agreed.answer("y")
    assert code == 0, error
    assert out.count("DISCONNECTED") == 2
    record = broker.wait_log("AUDIT", method=METHOD, outcome="ok")
    assert record.fields["reason"] == "maintenance"
    assert "staff-*" in record.fields["request"]
    for name in ("staff-1", "staff-2"):
        assert clients[name].wait_for(SERVER_HALT).text == "maintenance"
    assert live(broker) == ["guest"]


def test_a_session_that_comes_while_the_operator_thinks_ends_nothing(
    world: World, office: Office
) -> None:
    broker = office.broker
    asked = OnTerminal(broker, "--filter", BOTH)
    asked.question()
    world.client(office.server, "staff-3").wait_connected()
    broker.session_of("staff-3")
    code, _, error = asked.answer("y")
    assert code == 1
    assert "3 sessions match, 2 were expected; nobody was killed" in error
    assert live(broker) == ["guest", "staff-1", "staff-2", "staff-3"]
    record = broker.wait_log("AUDIT", method=METHOD, outcome="failed")
    assert record.fields["result"].startswith("ABORTED: 3 sessions match")


def test_yes_and_exit_codes(office: Office) -> None:
    broker, clients = office.broker, office.clients
    assert broker.ctl("kill", "--filter", 'username = "nobody"', check=False).returncode == 4
    wrong = broker.ctl("kill", "--filter", "platform = linux", "--yes", check=False)
    assert wrong.returncode == 2 and "platform" in wrong.stderr
    # One session needs no --yes, several do.
    broker.ctl("kill", "--filter", 'common_name = "guest" AND instance = "office"')
    clients["guest"].wait_for(SERVER_HALT)
    ended = broker.ctl_json("kill", "--filter", BOTH, "--instance", "office", "--yes")["results"]
    assert {result["outcome"] for result in ended} == {"OUTCOME_DISCONNECTED"}
    assert live(broker) == []
