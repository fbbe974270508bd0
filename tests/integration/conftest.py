"""Fixtures of the integration tests. Each test process has a network of its own; each test has its own World."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # children are exec'ed at once
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from harness import namespace, protos  # noqa: E402
from harness.broker import build_directory  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.world import World  # noqa: E402

_WORLD = pytest.StashKey[World]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.needs_root)


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        missing = "root" if os.geteuid() != 0 else "/dev/net/tun"
        if os.environ.get("CI") == "true":
            pytest.fail(f"the integration tests need {missing}")
        pytest.skip(f"the integration tests need {missing}")
    if not (build_directory() / "server" / "ovpn-brokerd").exists():
        pytest.fail(f"no ovpn-brokerd in {build_directory()}: build first (tests/run.sh does)")
    namespace.enter_private_network()
    protos.generate(tmp_path_factory.mktemp("protos"))


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def world(pki: Pki, request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(pki)
    request.node.stash[_WORLD] = world
    yield world
    world.close()


@pytest.fixture(params=["rules", "remote"])
def judge_kind(request: pytest.FixtureRequest) -> str:
    """For tests that must hold whoever decides."""
    return request.param


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """Shows the logs of broker and clients below a failed test."""
    report = (yield).get_result()
    world = item.stash.get(_WORLD, None)
    if report.failed and report.when == "call" and world is not None:
        report.sections.extend(world.report())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints what tests measured (`record_property("measured", ...)`)."""
    passed = terminalreporter.stats.get("passed", [])
    measured = [
        value for report in passed for name, value in report.user_properties if name == "measured"
    ]
    if measured:
        terminalreporter.section("measured")
        for line in measured:
            terminalreporter.line(line)
