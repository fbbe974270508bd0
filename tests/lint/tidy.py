#!/usr/bin/python3
"""Runs clang-tidy on our sources in parallel and remembers which of them passed (see tidy.sh)."""

import concurrent.futures
import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import tree

TIDY = "clang-tidy-19"
SCAN_DEPS = "clang-scan-deps-19"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ovpn-broker" / "tidy"


def our_commands(database: Path, wanted: list[str]) -> dict[Path, str]:
    """Our sources, relative to the root, each with its compile command; of tests only those that are named."""
    commands = {}
    for entry in json.loads(database.read_text()):
        source = Path(entry["directory"], entry["file"]).resolve()
        if not source.is_relative_to(tree.ROOT):
            continue
        relative = source.relative_to(tree.ROOT)
        if relative.parts[0] == "build" or (wanted and str(relative) not in wanted):
            continue
        if relative.parts[0] == "tests" and not wanted:
            continue
        commands[relative] = entry["command"]
    return commands


def read_dependencies(database: Path) -> dict[Path, list[str]]:
    """What each source includes, directly or not."""
    rules = subprocess.run(
        [
            SCAN_DEPS,
            "-compilation-database",
            str(database),
            "-format",
            "make",
            "-j",
            str(os.cpu_count()),
        ],
        capture_output=True,
        text=True,
        check=False,  # a source that does not compile is for clang-tidy to report
    ).stdout
    found = {}
    for rule in rules.replace("\\\n", " ").splitlines():
        words = shlex.split(rule.partition(": ")[2])
        if words:
            found[Path(words[0]).resolve()] = words
    return found


class Fingerprints:
    """A key for each source that changes with all that clang-tidy's answer depends on."""

    def __init__(self, database: Path):
        version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
        self._base = hashlib.sha256(version + (tree.ROOT / ".clang-tidy").read_bytes())
        self._base_tests = self._base.copy()
        self._base_tests.update((tree.ROOT / "tests" / ".clang-tidy").read_bytes())
        self._dependencies = read_dependencies(database)
        self._files: dict[str, bytes] = {}

    def _file(self, name: str) -> bytes:
        if name not in self._files:
            if Path(name).is_relative_to(tree.ROOT):
                self._files[name] = hashlib.sha256(Path(name).read_bytes()).digest()
            else:  # a library's header: changes with its package
                status = os.stat(name)
                self._files[name] = f"{name} {status.st_size} {status.st_mtime_ns}".encode()
        return self._files[name]

    def of(self, source: Path, command: str) -> str | None:
        """None when the source's includes are not known."""
        dependencies = self._dependencies.get(tree.ROOT / source)
        if dependencies is None:
            return None
        key = (self._base_tests if source.parts[0] == "tests" else self._base).copy()
        # Without the place of the checkout: what passed in one has passed in all.
        key.update(command.replace(str(tree.ROOT), "").encode())
        for name in dependencies:
            key.update(self._file(name))
        return key.hexdigest()


def tidy(source: Path, build: Path) -> tuple[Path, bool, str, float]:
    start = time.monotonic()
    run = subprocess.run(
        [TIDY, "-p", str(build), "--quiet", str(tree.ROOT / source)],
        capture_output=True,
        text=True,
        check=False,
    )
    return source, run.returncode == 0, run.stdout, time.monotonic() - start


def main() -> None:
    build = Path(sys.argv[1]).resolve()
    database = build / "compile_commands.json"
    commands = our_commands(database, sys.argv[2:])
    fingerprints = Fingerprints(database)
    keys = {source: fingerprints.of(source, command) for source, command in commands.items()}
    CACHE.mkdir(parents=True, exist_ok=True)
    todo = [source for source, key in keys.items() if key is None or not (CACHE / key).exists()]
    print(f"clang-tidy: {len(commands)} sources, {len(todo)} of them new or changed", flush=True)

    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(tidy, source, build) for source in todo]
        for number, run in enumerate(concurrent.futures.as_completed(runs), 1):
            source, passed, output, seconds = run.result()
            print(f"  {number}/{len(todo)} {source} {seconds:.0f} s", flush=True)
            if passed and keys[source] is not None:
                (CACHE / keys[source]).touch()
            if not passed:
                failed.append(str(source))
                print(output, flush=True)
    tree.finish([f"clang-tidy: {source}" for source in failed])


if __name__ == "__main__":
    main()
