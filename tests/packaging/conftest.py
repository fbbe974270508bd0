"""Fixtures of the package's tests: a clean Debian in which the package is installed once, for the files in their order."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import pytest  # noqa: E402

from clean_root import CleanRoot, run  # noqa: E402
from harness import namespace  # noqa: E402
from harness.pki import Pki  # noqa: E402


@pytest.fixture(scope="session")
def package() -> Path:
    """What `deploy/package.sh` has built."""
    if os.geteuid() != 0:
        pytest.fail("these tests need root for chroot, namespaces and tun devices")
    folder = Path(os.environ["OVPNBROKER_PACKAGE_DIR"])
    packages = list(folder.glob("ovpn-broker_*.deb"))
    assert len(packages) == 1, f"one package in {folder}, there is {packages}"
    return packages[0]


@pytest.fixture(scope="session")
def root(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CleanRoot]:
    """The clean Debian, with the package installed. In a private network, like the integration tests."""
    namespace.enter_private_network()
    archive = Path(run(HERE / "clean_root.sh", package, timeout=600).stdout.strip())
    folder = tmp_path_factory.mktemp("root")
    folder.parent.chmod(0o755)  # the service's user must get through
    folder.chmod(0o755)
    made = CleanRoot(folder, archive, package)
    made.install()
    yield made
    made.close()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))
