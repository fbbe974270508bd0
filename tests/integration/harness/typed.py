"""Commands that documents show outside of their `sh` blocks: inline, in a table's cell, indented, or in a `console` block. Each is run by
a test, as it stands or with its placeholders filled in, or there is a reason why not."""

import functools
import re
import shutil
import subprocess
from pathlib import Path

from harness.broker import ROOT
from harness.mentions import PLACES, documents, program

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Art of boxes and arrows, not commands.
_DRAWN = re.compile(r"[|+]--|--[+>]|  +")
_SHOWN = re.compile(r"^ {4}(.*)$|`([^`\n]+)`", re.MULTILINE)
_CTL = "ovpn-brokerctl "


@functools.cache
def verbs() -> frozenset[str]:
    """Of ovpn-brokerctl: a text that begins with one of them is a command without the program's name."""
    shown = subprocess.run(
        [str(program("ovpn-brokerctl")), "--help"], capture_output=True, text=True, check=True
    )
    return frozenset(re.findall(r"^  ([a-z][a-z-]*)  +[A-Z]", shown.stdout, re.MULTILINE))


def _is_command(text: str) -> bool:
    """A program of ours, of the tree, or of the machine, and what it is told."""
    words = text.split()
    if _DRAWN.search(text):
        return False
    if words[:1] == ["sudo"]:
        return True
    if len(words) < 2 or words[0] == "-":
        return False
    tree = "/" in words[0] and (ROOT / words[0]).is_file()
    return words[0] in PLACES or tree or words[0] in verbs() or shutil.which(words[0]) is not None


def commands(text: str) -> list[str]:
    """In a document's text, in order, each as it is read: without prompt, comment and `|` that the table wants escaped."""
    shown = []
    for fence in _FENCE.finditer(text):
        if fence.group(1) == "console":
            shown += fence.group(2).splitlines()
    rest = _FENCE.sub("", text)
    for match in _SHOWN.finditer(rest):
        shown.append((match.group(1) or match.group(2) or "").replace("\\|", "|"))
    return [
        command
        for command in (re.sub(r"\s+(#.*|\\)$", "", line).strip() for line in shown)
        if _is_command(command)
    ]


def all_commands() -> dict[str, Path]:
    """Of all documents, each with the first one that shows it."""
    found: dict[str, Path] = {}
    for page in documents():
        for command in commands(page.read_text(encoding="utf-8")):
            found.setdefault(command, page)
    return found


def pages_with_blocks() -> set[str]:
    """Names of the documents whose `sh` blocks somebody must follow."""
    return {page.name for page in documents() if "```sh\n" in page.read_text(encoding="utf-8")}


def as_typed(command: str) -> str:
    """With the name of the program that it is for."""
    return _CTL + command if command.split()[0] in verbs() else command
