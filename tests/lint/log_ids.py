#!/usr/bin/python3
"""Alerts rely on log ids: docs/messages.md lists each id that the code writes with its level, and no other."""

import re

import tree

CALL = re.compile(
    r'\b(?:LogLevel::k)?(Debug|Info|Warning|Error)[(,]\s*"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"'
)
# The level is computed there.
WRITE = re.compile(r'\b(?:Write|LogBody)\([^;"]*"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"')
ANY_LEVEL = "any"
# | `ID` | level | meaning |
ROW = re.compile(r"^\|\s*`([A-Z][A-Z0-9_]+)`\s*\|\s*([a-z, ]+?)\s*\|", re.MULTILINE)
LIST = "docs/messages.md"


def written() -> dict[str, dict[str, str]]:
    """Id to level to the first place."""
    found: dict[str, dict[str, str]] = {}
    for path in tree.files(".h", ".cc"):
        if path.parts[0] == "tests":
            continue
        text = tree.read(path)
        for call in CALL.finditer(text):
            place = f"{path}:{text.count(chr(10), 0, call.start()) + 1}"
            found.setdefault(call.group(2), {}).setdefault(call.group(1).lower(), place)
        for call in WRITE.finditer(text):
            place = f"{path}:{text.count(chr(10), 0, call.start()) + 1}"
            found.setdefault(call.group(1), {}).setdefault(ANY_LEVEL, place)
    return found


def main() -> None:
    text = tree.read(tree.Path(LIST)) if (tree.ROOT / LIST).exists() else ""
    listed = {
        row.group(1): {level.strip() for level in row.group(2).split(",")}
        for row in ROW.finditer(text)
    }
    problems = []
    code = written()
    for name, levels in sorted(code.items()):
        for level, place in levels.items():
            if name not in listed or level not in listed[name] | {ANY_LEVEL}:
                problems.append(f"{place}: {name} ({level}) is not in {LIST}")
    problems += [
        f"{LIST}: {name} is listed, but nothing writes it"
        for name in sorted(set(listed) - set(code))
    ]
    tree.finish(problems)


if __name__ == "__main__":
    main()
