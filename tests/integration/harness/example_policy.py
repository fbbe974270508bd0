"""One of the services in policy/examples, as its author would start it: its run.sh, on a unix socket."""

import os
import shutil
from pathlib import Path

import pytest

from harness.processes import LoggedProcess
from harness.timing import SCALE

EXAMPLES = Path(__file__).resolve().parents[3] / "policy" / "examples"
LISTENS_ON = "policy listens on "
# The first start compiles.
START_DEADLINE = 120 * SCALE


def skip_without(*tools: str) -> None:
    """An example in a language that is not installed is not tested, except with CI=true."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"{', '.join(missing)} not installed: see deploy/packages.txt")


class ExamplePolicy:
    """Listens until closed."""

    def __init__(self, language: str, folder: Path, *options: str):
        socket = folder / f"{language}.sock"
        self.process = LoggedProcess(
            f"policy in {language}",
            [str(EXAMPLES / language / "run.sh"), "--listen", f"unix:{socket}", *options],
            folder / f"{language}-policy.log",
        )
        line = self.process.lines.wait(
            lambda line: line.startswith(LISTENS_ON), LISTENS_ON, deadline=START_DEADLINE
        )
        self.address = line.removeprefix(LISTENS_ON)

    def close(self) -> None:
        self.process.stop()
