"""Completion knows every command and option, and the names that the broker has; the manual pages render cleanly."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.broker import ROOT, build_directory
from harness.completion import bash_completes, program, zsh_completes
from harness.judges import allow_all
from harness.mentions import PLACES
from harness.world import World


def help_of(*words: str) -> str:
    return subprocess.run(
        [str(program()), *words, "--help"], capture_output=True, text=True, check=True
    ).stdout


def commands(*path: str) -> list[tuple[str, ...]]:
    """All commands below `path`, as completion lists them."""
    found = []
    for name in bash_completes(*path, ""):
        if re.fullmatch("[a-z-]+", name) and f"\n  {name} " in help_of(*path):
            found += [(*path, name), *commands(*path, name)]
    return found


def test_completion_offers_every_option_of_every_command() -> None:
    everything = commands()
    assert ("sessions",) in everything
    assert ("context", "use") in everything
    for command in [(), *everything]:
        told = set(re.findall(r"^  (?:-\w,)?(--[a-z0-9-]+)", help_of(*command), re.MULTILINE))
        offered = set(bash_completes(*command, "-"))
        assert told <= offered, f"{command}: {told - offered}"


def test_completion_offers_names_of_the_broker(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    world.client(server, "alice").wait_connected()
    uid = broker.session_of("alice").uid
    socket = str(broker.admin_socket)
    assert bash_completes("sessions", "--instance", "", socket=socket) == ["office"]
    assert bash_completes("--socket", socket, "kill", "--cn", "al") == ["alice"]
    assert bash_completes("sessions", "show", "", socket=socket) == [uid]
    assert bash_completes("sessions", "-o", "y", socket=socket) == ["yaml"]
    assert bash_completes("health", "inst", socket=socket) == ["instances/office"]
    # Without a broker there is nothing to offer, and nothing is printed over the prompt.
    assert bash_completes("kill", "--cn", "", socket="/nonexistent") == []


def test_zsh_offers_what_bash_offers(world: World, tmp_path: Path) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    world.client(server, "alice").wait_connected()
    uid = broker.session_of("alice").uid
    socket = str(broker.admin_socket)
    for words in [("",), ("sess",), ("sessions", "-"), ("sessions", "-o", "y")]:
        _, offered = zsh_completes(*words, socket=socket)
        assert sorted(offered) == sorted(bash_completes(*words, socket=socket)), words
    assert zsh_completes("kill", "--cn", "al", socket=socket)[0] == "kill --cn alice "
    assert zsh_completes("sessions", "show", "", socket=socket)[0] == f"sessions show {uid} "
    # Files are the shell's own business.
    (tmp_path / "broker.yaml").touch()
    assert bash_completes("check-config", f"{tmp_path}/bro") == [f"{tmp_path}/broker.yaml"]
    completed, _ = zsh_completes("check-config", f"{tmp_path}/bro", socket=socket)
    assert completed == f"check-config {tmp_path}/broker.yaml "


def test_zsh_without_a_broker_leaves_the_line_alone() -> None:
    for word in ["", "al"]:
        completed, offered = zsh_completes("kill", "--cn", word, socket="/nonexistent")
        assert (completed, offered) == (f"kill --cn {word}", [])


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("sessions", "--state"),
        ("sessions", "--sort"),
        ("sessions", "--output"),
        ("decisions", "--result"),
        ("logs", "--level"),
        ("top", "--sort"),
    ],
)
def test_offered_words_are_accepted(world: World, command: str, option: str) -> None:
    words = bash_completes(command, option, "")
    assert len(words) > 2
    broker = world.broker(world.server(), world.policy(allow_all))
    for word in words:
        run = broker.ctl(command, option, word, check=False)
        assert run.returncode == 0 or "needs a terminal" in run.stderr, run.stderr


def page(name: str, folder: Path) -> Path:
    """The page as the build makes it."""
    path = folder / name
    if name.endswith(".5"):
        command = [str(ROOT / "docs" / "reference" / "man.py"), "1.0"]
    else:
        stem = name.rsplit(".", 1)[0]
        command = [str(build_directory() / "server" / PLACES[stem]), "__man"]
    path.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return path


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("ovpn-brokerctl.1", ["sessions show", "--server-name", "EXIT CODES", "jq -r"]),
        ("ovpn-policy-check.1", ["--junit", "EXIT CODES", "cases.yaml"]),
        ("ovpn-policy-sim.1", ["--renegotiate", "EXAMPLES"]),
        ("ovpn-brokerd.8", ["--check-config", "SIGHUP", "EXIT CODES"]),
        ("ovpn-broker.yaml.5", ["runtime_directory", "stop_timeout", "address_pools"]),
    ],
)
def test_manual_page_renders_without_warnings(tmp_path: Path, name: str, texts: list[str]) -> None:
    run = subprocess.run(
        ["man", "--warnings", "-l", str(page(name, tmp_path))],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    shown = re.sub(r".\x08", "", run.stdout)
    for text in texts:
        assert text in shown, f"{name} does not say {text}"
