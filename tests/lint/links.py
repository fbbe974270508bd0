#!/usr/bin/python3
"""Relative links in Markdown lead to a file or folder of the project, and to a heading where they name one."""

import re
from pathlib import Path, PurePosixPath

import tree

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def blank(match: re.Match) -> str:
    """What is code holds no links; its lines still count."""
    return re.sub(r"[^\n]", " ", match.group(0))


def anchors(path: Path) -> set[str]:
    """As GitHub makes them: lower case, without punctuation, hyphens for blanks, numbered when they repeat."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub(blank, tree.read(path))):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-")
        name, count = slug, 0
        while name in found:
            count += 1
            name = f"{slug}-{count}"
        found.add(name)
    return found


def check(path: Path, known: set[str]) -> list[str]:
    text = CODE.sub(blank, FENCE.sub(blank, tree.read(path)))
    problems = []
    for match in LINK.finditer(text):
        target = match.group(1) or match.group(2)
        if ELSEWHERE.match(target):
            continue
        place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        file, _, heading = target.partition("#")
        found = path
        if file:
            joined = (tree.ROOT / path.parent / file).resolve()
            if not joined.is_relative_to(tree.ROOT):
                problems.append(f"{place}: {target} leads out of the project")
                continue
            found = joined.relative_to(tree.ROOT)
        if str(PurePosixPath(found)) not in known:
            problems.append(f"{place}: {target} leads nowhere: there is no {found}")
        elif heading and found.suffix == ".md" and heading not in anchors(found):
            problems.append(f"{place}: {target} leads nowhere: no such heading in {found}")
    return problems


def main() -> None:
    files = tree.files()
    known = {str(path) for path in files} | {
        str(folder) for path in files for folder in path.parents
    }
    pages = [path for path in files if path.suffix == ".md"]
    tree.finish([problem for path in pages for problem in check(path, known)])


if __name__ == "__main__":
    main()
