"""The help of every command teaches: what it is for, and examples that the program understands."""

import functools
import os
import re
import shlex
import subprocess

import pytest

from harness.broker import build_directory

NO_BROKER, DONE, DENIED, USAGE = 3, 0, 1, 2


def program() -> str:
    return str(build_directory() / "server" / "ctl" / "ovpn-brokerctl")


def run(*words: str, folder: str = "/") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program(), *words],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "OVPN_BROKER_SOCKET": "/nonexistent/admin.sock",
            "OVPN_BROKER_CONTEXTS": f"{folder}/contexts.yaml",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@functools.cache
def commands(*path: str) -> list[tuple[str, ...]]:
    """All commands below `path`, as completion knows them. Not asked while tests are collected: that is done for each run
    of pytest, of whatever test, and by each of its workers."""
    found = []
    for line in run("__complete", *path, "").stdout.splitlines():
        name, description = line.split("\t")
        if description:
            found += [(*path, name), *commands(*path, name)]
    return found


def examples(text: str) -> list[str]:
    """Command lines below "Examples:", continued lines joined."""
    block = text.partition("Examples:\n")[2].replace("\\\n", " ")
    return re.findall(r"^  (ovpn-brokerctl .*)$", block, re.MULTILINE)


def test_main_help_groups_all_commands() -> None:
    text = run("--help").stdout
    for heading in ("Look:", "Decisions:", "Act:", "Prepare:", "Which broker:", "Exit codes:"):
        assert f"\n{heading}\n" in text
    for command in commands():
        if len(command) == 1:
            assert f"\n  {command[0]} " in text


def test_help_fits_a_terminal_of_80_columns() -> None:
    for command in [(), *commands()]:
        text = run(*command, "--help").stdout
        assert text, command
        assert not [line for line in text.splitlines() if len(line) > 80], command


@pytest.mark.parametrize(
    "other", ["ovpn-brokerd", "policy_check/ovpn-policy-check", "policy_sim/ovpn-policy-sim"]
)
def test_help_of_the_other_programs_fits_as_well(other: str) -> None:
    words = [str(build_directory() / "server" / other), "--help"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert not [line for line in text.splitlines() if len(line) > 80]


def test_examples_of_the_help_are_understood(tmp_path: object) -> None:
    for command in [(), *commands()]:
        check_examples(command, folder=str(tmp_path))


def check_examples(command: tuple[str, ...], folder: str) -> None:
    found = examples(run(*command, "--help").stdout)
    has_commands = len(commands(*command)) > 0
    assert found or len(command) > 1 or has_commands, f"{command}: no examples"
    for example in found:
        words = shlex.split(example.partition(" | ")[0])
        outcome = run(*words[1:], folder=folder)
        # No broker and no such file are fine; a line that the program does not understand is not.
        assert "--help for more information" not in outcome.stderr, f"{example}: {outcome.stderr}"
        assert outcome.returncode in (DONE, NO_BROKER, USAGE, 4), f"{example}: {outcome.stderr}"


def test_a_typo_gets_the_nearest_command() -> None:
    assert "did you mean 'sessions'?" in run("sesions").stderr
    assert "did you mean 'leases'?" in run("pools", "leeses").stderr
