"""What the tests of the documents share: generated messages, and the programs of the guide, which end with the test."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import guide
import pytest

GENERATED = tempfile.TemporaryDirectory(prefix="guide.")
guide.generate(Path(GENERATED.name))


@pytest.fixture
def example() -> Iterator[Callable[..., guide.Example]]:
    running: list[guide.Example] = []
    with tempfile.TemporaryDirectory(prefix="guide.") as folder:

        def start(name: str, *arguments: str, **environment: str) -> guide.Example:
            place = Path(folder) / str(len(running))
            place.mkdir()
            made = guide.Example(place, Path(GENERATED.name), name, arguments, environment)
            running.append(made)
            return running[-1]

        try:
            yield start
        finally:
            for each in running:
                each.stop()


@pytest.fixture(scope="session")
def policy_check() -> str:
    return os.environ["OVPNBROKER_POLICY_CHECK"]
