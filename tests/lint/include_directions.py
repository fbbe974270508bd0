#!/usr/bin/python3
"""Includes go one way only (CONTRIBUTING.md, "Where things go"); this reads all of them."""

import re
from pathlib import Path

import tree

# What each folder may include besides itself. A folder that is not listed takes the rule of its parent.
ALLOWED = {
    "ovpn/base": set(),
    "ovpn/types": {"ovpn/base"},
    "ovpn/management": {"ovpn/base", "ovpn/types"},
    "ovpn/process": {"ovpn/base", "ovpn/types"},
    "ovpn/instance": {"ovpn/base", "ovpn/types", "ovpn/management", "ovpn/process"},
    "policy": {"ovpn/base", "ovpn/types"},
    "policy/rules": {"ovpn/base", "ovpn/types", "policy"},
    "policy/stream": {"ovpn/base", "ovpn/types", "policy", "proto"},
    "policy/examples": {"proto"},
    "server": {
        "ovpn/base",
        "ovpn/types",
        "ovpn/management",
        "ovpn/process",
        "ovpn/instance",
        "policy",
        "policy/rules",
        "policy/stream",
        "proto",
        "server/config",
        "server/health",
        "server/man",
        "server/program",
        "server/replay",
    },
    # Manual pages, made from the command lines of the programs.
    "server/man": set(),
    "server/program": set(),
    # Names that the daemon answers to and that its clients ask for.
    "server/health": set(),
    # policy: a pool's checks are made with the arithmetic that the pool itself works with.
    "server/config": {"ovpn/base", "ovpn/types", "ovpn/process", "policy", "proto"},
    # `ovpn-brokerctl check-config`, `policy test` and `replay` read files with the daemon's own loaders, ask with
    # its own streams, judge by its own rules and compile its own blocks; no daemon need run.
    "server/ctl": {
        "ovpn/base",
        "ovpn/types",
        "ovpn/management",
        "policy",
        "policy/rules",
        "policy/stream",
        "proto",
        "server/config",
        "server/health",
        "server/man",
        "server/program",
        "server/replay",
    },
    "server/replay": {
        "ovpn/base",
        "ovpn/types",
        "ovpn/management",
        "policy",
        "policy/stream",
        "proto",
    },
    # It stands in OpenVPN's place, so it knows nothing of the broker's halves.
    "server/policy_sim": {"ovpn/base", "server/man"},
    # Whether a verdict can be read is decided by the broker's own reader.
    "server/policy_check": {
        "ovpn/base",
        "ovpn/types",
        "policy/stream",
        "proto",
        "server/man",
        "server/program",
    },
}
# Folders that know neither gRPC nor generated messages: their tests build in seconds, and nothing
# of the wire formats leaks into the domain.
WITHOUT_GRPC = {
    "ovpn/base",
    "ovpn/types",
    "ovpn/management",
    "ovpn/process",
    "ovpn/instance",
    "policy",
    "policy/rules",
}
GRPC_HEADER = re.compile(r"^(grpc|grpcpp|google/protobuf)/|\.pb\.h$")
# Both halves meet in one place.
MEETING_PLACE = re.compile(r"^server/(broker|main)[a-z_]*\.(h|cc)$")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def folder_of(path: str) -> str | None:
    """The most specific listed folder that holds `path`."""
    if path.endswith(".pb.h"):
        return "proto"
    for parent in Path(path).parents:
        if str(parent) in ALLOWED:
            return str(parent)
    return None


def check(path: Path) -> list[str]:
    folder = folder_of(str(path))
    if folder is None:
        return []
    problems = []
    halves = set()
    for number, line in enumerate(tree.read(path).splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found.group(2)
        where = f"{path}:{number}: {folder}"
        if folder in WITHOUT_GRPC and GRPC_HEADER.search(header):
            problems.append(
                f"{where} must not know gRPC or generated messages, but includes {header}"
            )
        target = folder_of(header)
        if found.group(1) == '"' and target not in (None, folder) and target not in ALLOWED[folder]:
            problems.append(f"{where} must not include {target}, but includes {header}")
        # An example is a project of its own.
        if found.group(1) == '"' and "/" not in header and folder != "policy/examples":
            problems.append(f"{where} includes {header}, which is not a path from the root")
        if target == "ovpn/instance":
            halves.add("ovpn/instance")
        elif target is not None and target.startswith("policy"):
            halves.add("policy")
    if folder == "server" and len(halves) == 2 and not MEETING_PLACE.match(str(path)):
        problems.append(f"{path}: only server/broker knows both ovpn/instance and policy")
    return problems


def main() -> None:
    tree.finish([problem for path in tree.files(".h", ".cc") for problem in check(path)])


if __name__ == "__main__":
    main()
