"""Fixtures of the package's tests: a clean Debian for each file, into which a test installs the package."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import pytest  # noqa: E402

from clean_root import CleanRoot, run  # noqa: E402
from harness import namespace  # noqa: E402
from harness.pki import Pki  # noqa: E402
from office import Office  # noqa: E402


@pytest.fixture(scope="session")
def package() -> Path:
    """What `deploy/package.sh` has built."""
    if os.geteuid() != 0:
        pytest.fail("these tests need root for namespaces, control groups and tun devices")
    folder = Path(os.environ["OVPNBROKER_PACKAGE_DIR"])
    packages = list(folder.glob("ovpn-broker_*.deb"))
    assert len(packages) == 1, f"one package in {folder}, there is {packages}"
    return packages[0]


@pytest.fixture(scope="session")
def archive(package: Path) -> Path:
    """The clean Debian; and a private network for what runs in it, like that of the integration tests."""
    made = Path(run(HERE / "clean_root.sh", package, timeout=600).stdout.strip())
    namespace.enter_private_network()
    return made


@pytest.fixture(scope="module")
def root(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """Booted, without the package."""
    folder = tmp_path_factory.mktemp("root")
    folder.parent.chmod(0o755)  # the service's user must get through
    folder.chmod(0o755)
    made = CleanRoot(folder, archive)
    yield made
    made.close()


@pytest.fixture(scope="module")
def installed(root: CleanRoot, package: Path) -> CleanRoot:
    root.install(package)
    return root


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def office(root: CleanRoot, pki: Pki, tmp_path: Path) -> Iterator[Callable[..., Office]]:
    made: list[Office] = []

    def make(**options: str) -> Office:
        made.append(Office(root, pki, tmp_path, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
