#!/usr/bin/python3
"""Tests that documents name exist: `test_NN_name.py::test_case` in tests/integration, `Suite.Case` in C++."""

import ast
import re
from pathlib import Path

import tree

PYTHON = re.compile(r"`(test_\w+\.py)::(\w+)`")
CPP = re.compile(r"`([A-Z]\w+)\.([A-Z]\w*_\w+)`")
DECLARED = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.MULTILINE)
# One document's claims are worth nothing without them.
MUST_NAME = Path("docs/security.md")
LEAST_NAMED = 40


def python_tests(files: list[Path]) -> set[tuple[str, str]]:
    found = set()
    for path in files:
        if path.parts[0] == "tests" and path.name.startswith("test_") and path.suffix == ".py":
            module = ast.parse(tree.read(path))
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            found |= {(path.name, each.name) for each in module.body if isinstance(each, functions)}
    return found


def main() -> None:
    files = tree.files()
    known_python = python_tests(files)
    known_cpp = {
        declared
        for path in files
        if path.parts[0] == "tests" and path.suffix == ".cc"
        for declared in DECLARED.findall(tree.read(path))
    }
    problems, named = [], 0
    for path in files:
        if path.suffix != ".md":
            continue
        text = tree.read(path)
        for pattern, known in ((PYTHON, known_python), (CPP, known_cpp)):
            for match in pattern.finditer(text):
                named += path == MUST_NAME
                if match.groups() not in known:
                    line = text.count("\n", 0, match.start()) + 1
                    problems.append(f"{path}:{line}: there is no test {match.group(0)}")
    if named < LEAST_NAMED:
        problems.append(f"{MUST_NAME}: names {named} tests; at least {LEAST_NAMED} are expected")
    tree.finish(problems)


if __name__ == "__main__":
    main()
