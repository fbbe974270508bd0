#!/usr/bin/python3
"""A file is about one thing. At 500 lines there are two things in it, and that is an error; beyond the aims (headers
120, sources 300) it is worth a look, and `--aims` lists those."""

import sys

import tree

LIMIT = 500
AIMS = {".h": 120}
AIM = 300
SUFFIXES = (".h", ".cc", ".proto", ".py", ".sh", ".go", ".js", ".ts")


def main() -> None:
    problems = []
    for path in tree.files(*SUFFIXES):
        if path.parts[:2] in tree.PUBLISHED_AS_IS:
            continue
        lines = tree.read(path).count("\n")
        aim = AIMS.get(path.suffix, AIM)
        if lines >= LIMIT:
            problems.append(
                f"{path}: {lines} lines, the limit is {LIMIT}: there are two things in it"
            )
        elif lines > aim and "--aims" in sys.argv[1:]:
            print(f"{path}: {lines} lines, the aim is {aim}")
    tree.finish(problems)


if __name__ == "__main__":
    main()
