"""Commands that documents mention, anywhere: they name verbs and options that the programs have."""

import functools
import re
import shlex
import subprocess
from pathlib import Path

from harness.broker import ROOT, build_directory

_CODE = re.compile(
    r"^```(?:sh|console|text)\n(.*?)^```$|^((?: {4}[^\n]*\n)+)|`([^`\n]+)`", re.M | re.S
)
_MENTION = re.compile(
    r"(?:^|[\s(])(ovpn-(?:brokerctl|brokerd|policy-check|policy-sim))((?: [^\n|;&<>()#]*)?)"
)
# Of each program, below server/ of the build.
PLACES = {
    "ovpn-brokerctl": "ctl/ovpn-brokerctl",
    "ovpn-brokerd": "ovpn-brokerd",
    "ovpn-policy-check": "policy_check/ovpn-policy-check",
    "ovpn-policy-sim": "policy_sim/ovpn-policy-sim",
}


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def mentions(page: Path) -> list[tuple[int, str]]:
    """Line and text of each mentioned command."""
    text = page.read_text(encoding="utf-8").replace("\\\n", "  ")
    found = []
    for code in _CODE.finditer(text):
        inner = next(group for group in code.groups() if group is not None)
        for match in _MENTION.finditer(inner):
            line = text.count("\n", 0, code.start() + match.start()) + 1
            found.append((line, match.group(1) + match.group(2).rstrip(" .:,…")))
    return found


def program(name: str) -> Path:
    return build_directory() / "server" / PLACES[name]


@functools.cache
def _help(*path: str) -> str:
    shown = subprocess.run(
        [str(program(path[0])), *path[1:], "--help"], capture_output=True, text=True, timeout=60
    )
    return shown.stdout if shown.returncode == 0 else ""


def _usage(text: str) -> str:
    return next((line for line in text.splitlines() if line.startswith("Usage:")), "")


def problem(command: str) -> str:
    """Empty when each verb and each option of the command exists."""
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    path, helps = [words[0]], [_help(words[0])]
    for word in words[1:]:
        if word.startswith("-"):
            option = word.split("=")[0]
            known = re.compile(rf"(^|[\s,\[]){re.escape(option)}([\s,=\]:]|$)", re.MULTILINE)
            if option not in ("-", "--", "...") and not any(known.search(text) for text in helps):
                return f"{' '.join(path)} has no option {option}"
        elif re.fullmatch(r"[a-z][a-z-]*", word):
            deeper = _help(*path, word)
            if f"{' '.join([*path, word])} " in _usage(deeper) + " ":
                path.append(word)
                helps.append(deeper)
            elif "SUBCOMMAND" in _usage(helps[-1]) and word == words[len(path)]:
                return f"{' '.join(path)} has no verb {word}"
    return ""
