#!/usr/bin/python3
"""Every text file is clean UTF-8, and every source says in its first lines what it is."""

import re
from pathlib import Path

import tree

SOURCES = (".h", ".cc", ".proto", ".py", ".sh")
TEXTS = SOURCES + (".md", ".txt", ".yaml", ".yml", ".json", ".cmake")
# Line ends and trailing blanks are the content there.
RAW_FOLDERS = (("tests", "data"), ("tests", "fuzz", "corpus"))

OPEN_ENDED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
SAYS_WHAT_IT_IS = re.compile(r'^(#!.*\n)?(# shellcheck .*\n)?(//|#|"""|/\*)')


def inside(path: Path, folders: tuple[tuple[str, ...], ...]) -> bool:
    return any(path.parts[: len(folder)] == folder for folder in folders)


def check(path: Path) -> list[str]:
    try:
        text = tree.read(path)
    except UnicodeDecodeError as error:
        return [f"{path}: not UTF-8 ({error.reason} at byte {error.start})"]
    problems = []
    if text and not text.endswith("\n"):
        problems.append(f"{path}: no newline at the end")
    for number, line in enumerate(text.split("\n"), 1):
        if "\r" in line:
            problems.append(f"{path}:{number}: carriage return")
        if line != line.rstrip() and path.suffix != ".md":
            problems.append(f"{path}:{number}: trailing blanks")
        if path.suffix in SOURCES and path.name != Path(__file__).name and OPEN_ENDED.search(line):
            problems.append(f"{path}:{number}: an open end without an issue number, as in (#12)")
    if path.suffix in SOURCES and text and not SAYS_WHAT_IT_IS.match(text):
        problems.append(f"{path}:1: the first lines do not say what this file is")
    return problems


def main() -> None:
    paths = [
        path
        for path in tree.files(*TEXTS)
        if not inside(path, RAW_FOLDERS) and not inside(path, tree.PUBLISHED_AS_IS)
    ]
    tree.finish([problem for path in paths for problem in check(path)])


if __name__ == "__main__":
    main()
