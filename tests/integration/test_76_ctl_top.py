"""ovpn-brokerctl top in a real terminal of 80x24: lists, sorts, resizes, kills after a question, leaves no trace."""

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from harness.broker import build_directory
from harness.judges import allow_all
from harness.openvpn_client import SERVER_HALT
from harness.timing import DEFAULT_DEADLINE
from harness.world import World


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, folder: Path):
        self.socket = folder / "tmux.sock"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env PS1='$ ' sh")

    def tmux(self, *arguments: str) -> str:
        run = subprocess.run(
            ["tmux", "-u", "-S", str(self.socket), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=DEFAULT_DEADLINE,
        )
        return run.stdout

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def screen(self) -> list[str]:
        return self.tmux("capture-pane", "-p").split("\n")

    def wait(self, pattern: str) -> list[str]:
        """The screen once a line of it matches."""
        deadline = time.monotonic() + DEFAULT_DEADLINE
        while time.monotonic() < deadline:
            screen = self.screen()
            if any(re.search(pattern, line) for line in screen):
                return screen
            time.sleep(0.1)  # tmux tells nobody when its screen changes
        raise AssertionError(f"no '{pattern}' on the screen:\n" + "\n".join(self.screen()))

    def end(self) -> None:
        self.tmux("kill-server")


@pytest.fixture
def terminal(world: World) -> Any:
    terminal = Terminal(world.folder)
    yield terminal
    terminal.end()


def test_top_shows_and_kills_and_restores_the_terminal(world: World, terminal: Terminal) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    clients = {name: world.client(server, name) for name in ("alice", "bob")}
    for name, client in clients.items():
        client.wait_connected()
        broker.session_of(name)

    program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
    terminal.keys("echo before", "Enter")
    terminal.wait("^before")
    terminal.keys(f"{program} --socket {broker.admin_socket} top --interval 0.5 --sort cn", "Enter")
    screen = terminal.wait(r"^ovpn-broker .* sessions 2")
    assert all(len(line) <= 80 for line in screen)
    assert re.search(r"IN +OUT +STATE +COMMON NAMEv", screen[3])
    assert "alice" in screen[4] and "bob" in screen[5]

    terminal.keys("r")
    assert "bob" in terminal.wait(r"COMMON NAME\^")[4]
    terminal.keys("/", "a", "l", "i")
    terminal.wait(r"1 shown")
    terminal.keys("Enter")
    terminal.tmux("resize-window", "-x", "60", "-y", "10")
    screen = terminal.wait(r"^up/down select")
    assert all(len(line) <= 60 for line in screen)

    terminal.keys("k")
    terminal.wait(r"^Kill alice on office")
    terminal.keys("n")
    terminal.wait(r"^up/down select")
    assert broker.session_of("alice")
    terminal.keys("k")
    terminal.wait(r"^Kill alice on office")
    terminal.keys("y")
    terminal.wait(r"^killed: alice")
    clients["alice"].wait_for(SERVER_HALT)
    terminal.wait(r"sessions 1")

    terminal.keys("q")
    terminal.wait(r"^\$ *$")
    terminal.keys("echo after $(stty -a | grep -c -- ' echo ')", "Enter")
    screen = terminal.wait(r"^after 1")
    assert any(line == "before" for line in screen), "the screen from before is back"


def test_top_ended_by_a_signal_restores_the_terminal(world: World, terminal: Terminal) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
    terminal.keys(f"{program} --socket {broker.admin_socket} top; echo ended $?", "Enter")
    terminal.wait(r"^ovpn-broker .* sessions 0")
    terminal.keys("C-c")
    terminal.wait(r"^ended 0")
    terminal.keys("echo echoed", "Enter")
    terminal.wait(r"^\$ echo echoed")


def test_top_without_a_terminal_is_refused(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    run = broker.ctl("top", check=False)
    assert run.returncode == 2
    assert "needs a terminal" in run.stderr
