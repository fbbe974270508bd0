"""One place for time limits, so that a slow build (sanitizers, a busy machine) stretches all of them alike."""

import os
import time
from collections.abc import Callable

# Set by tests/run.sh for the sanitizer presets; 1 for an ordinary build.
SCALE = float(os.environ.get("OVPNBROKER_TEST_TIME_SCALE", "1"))

# How long a test waits for something that should happen. Reaching it is a failure, so it is generous.
DEFAULT_DEADLINE = 20.0 * SCALE


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """For what nobody announces, such as the content of a file."""
    deadline = time.monotonic() + DEFAULT_DEADLINE
    while not holds():
        assert time.monotonic() < deadline, f"no {what} within {DEFAULT_DEADLINE} s"
        time.sleep(0.02)
