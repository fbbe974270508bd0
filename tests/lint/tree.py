"""The files of the project, as git knows them, for the other checks of this folder."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Contracts of other projects.
PUBLISHED_AS_IS = (("proto", "google"), ("proto", "grpc"))


def files(*suffixes: str) -> list[Path]:
    """Tracked files and new ones that are not ignored, relative to ROOT, with one of the suffixes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = sorted(Path(name) for name in set(listed.split("\0")) if name)
    return [
        path
        for path in paths
        if (not suffixes or path.suffix in suffixes) and (ROOT / path).is_file()
    ]


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def finish(problems: list[str]) -> None:
    """Prints the problems and ends the check."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
