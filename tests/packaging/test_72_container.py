"""The container image, without a container daemon: its build's steps in a clean Debian, then its files alone in a
chroot, with the privileges and the mounts of compose.yaml."""

import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from clean_root import ROOT, CleanRoot, make_devices, run
from harness.openvpn_client import OpenvpnClient
from harness.pki import Pki
from harness.processes import LoggedProcess
from harness.server_config import ServerConfig

CONTAINER = ROOT / "deploy" / "container"
COMPOSE: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text())


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, lines put together."""
    text = re.sub(r"^#.*\n", "", (CONTAINER / "Dockerfile").read_text(), flags=re.MULTILINE)
    joined = text.replace("\\\n", " ")
    return [
        (line.split(None, 1)[0], line.split(None, 1)[1])
        for line in joined.splitlines()
        if line.strip()
    ]


def test_dockerfile_keeps_the_rules() -> None:
    stages: list[str] = []
    for name, arguments in instructions():
        assert name in {
            "FROM",
            "WORKDIR",
            "COPY",
            "RUN",
            "ENV",
            "USER",
            "CMD",
            "ENTRYPOINT",
            "HEALTHCHECK",
        }
        if name == "FROM":
            image, stage = re.fullmatch(r"(\S+) AS (\S+)", arguments).groups()  # type: ignore[union-attr]
            assert image == "scratch" or re.fullmatch(r"[\w/.]+:[\w.-]+", image), f"no tag: {image}"
            assert not image.endswith(":latest")
            stages.append(stage)
        if name == "COPY":
            words = [word for word in arguments.split() if not word.startswith("--")]
            origin = re.search(r"--from=(\S+)", arguments)
            if origin:
                assert origin[1] in stages[:-1]
            else:
                assert all((ROOT / word).exists() for word in words[:-1]), arguments
        if name == "RUN" and "apt-get install" in arguments:
            assert "apt-get update" in arguments and "--no-install-recommends" in arguments
            assert "rm -rf /var/lib/apt/lists" in arguments
        if name in {"CMD", "ENTRYPOINT"}:
            assert arguments.startswith("["), "no shell is there to split words"
    assert stages[-1] == "broker"
    for service in COMPOSE["services"].values():
        assert service["build"]["target"] in stages
        assert (CONTAINER / service["build"]["context"] / service["build"]["dockerfile"]).exists()


@pytest.fixture(scope="module")
def image(installed: CleanRoot) -> Path:
    """What `COPY --from=files` takes."""
    shutil.copy(CONTAINER / "collect.sh", installed.path("/tmp/collect.sh"))
    installed.run("/tmp/collect.sh", "/image")
    return installed.path("/image")


def test_image_holds_what_runs_and_no_more(image: Path) -> None:
    for program in ["/usr/sbin/ovpn-brokerd", "/usr/bin/ovpn-brokerctl"]:
        assert run("chroot", image, program, "--version").stdout.startswith(Path(program).name)
    assert (
        "OpenVPN 2.6" in run("chroot", image, "/usr/sbin/openvpn", "--version", check=False).stdout
    )
    programs = {
        path.name for folder in ["bin", "sbin"] for path in (image / "usr" / folder).iterdir()
    }
    assert programs == {"ovpn-brokerd", "ovpn-brokerctl", "openvpn"}


def test_broker_of_compose_serves_a_client(image: Path, pki: Pki, tmp_path: Path) -> None:
    broker = COMPOSE["services"]["broker"]
    config = tmp_path / "config"
    shutil.copytree(CONTAINER / "config", config)
    for name, source in {
        "ca.crt": pki.ca,
        "server.crt": pki.server.certificate,
        "server.key": pki.server.key,
    }.items():
        shutil.copy(source, config / name)
        (config / name).chmod(0o600)
    # The policy's image needs Python and the network's archives; here the rules judge, on the same server.
    values = yaml.safe_load((config / "broker.yaml").read_text())
    values["policies"] = [{"name": "example", "rules": {"file": "rules.yaml"}}]
    (config / "rules.yaml").write_text(
        "rules: [{name: all, match: {common_name: ['*']}, allow: {}}]\n"
    )
    (config / "broker.yaml").write_text(yaml.safe_dump(values))

    assert broker["read_only"] and broker["cap_drop"] == ["ALL"]
    capabilities = ",".join(f"+{name.lower()}" for name in broker["cap_add"])
    writable = [volume.split(":")[1] for volume in broker["volumes"] if volume.startswith("state")]
    entrypoint = {
        name: arguments for name, arguments in instructions() if name in {"ENTRYPOINT", "CMD"}
    }
    command = [*yaml.safe_load(entrypoint["ENTRYPOINT"]), *yaml.safe_load(entrypoint["CMD"])]
    steps = [
        f"mount --bind {image} {image}",
        f"mount --bind {config} {image}/etc/ovpn-broker",
        *(f"mount -t tmpfs tmpfs {image}{folder}" for folder in [*broker["tmpfs"], *writable]),
        f"mount -t proc proc {image}/proc",
        *make_devices(image / "dev"),
        f"mount -o remount,bind,ro {image}",
        # chroot(8) needs one capability more than the container has, and the image has no setpriv to drop it.
        f"exec setpriv --bounding-set=-all,{capabilities},+sys_chroot --no-new-privs"
        f" -- chroot {image} {' '.join(command)}",
    ]
    service = LoggedProcess(
        "container", ["unshare", "--mount", "--", "sh", "-ec", "\n".join(steps)], tmp_path / "log"
    )
    service.lines.wait(lambda line: '"state":"RUNNING"' in line, "the instance runs")
    server = ServerConfig("office", pki, tmp_path, port=1194)
    client = OpenvpnClient(server, pki, pki.client("alice"), tmp_path / "alice")
    client.wait_connected()

    # HEALTHCHECK, inside the namespaces of the broker.
    health = ["nsenter", "--mount", f"--target={service.pid}", "chroot", str(image)]
    assert "office" in run(*health, "/usr/bin/ovpn-brokerctl", "status").stdout
    client.process.kill()
    service.signal(signal.SIGTERM)
    assert service.wait_exit() == 0


def test_configuration_of_compose_is_valid(image: Path, pki: Pki) -> None:
    folder = image / "etc" / "ovpn-broker"
    shutil.copytree(CONTAINER / "config", folder, dirs_exist_ok=True)
    for name in ["ca.crt", "server.crt", "server.key"]:
        shutil.copy(pki.ca, folder / name)
    command = ["/usr/sbin/ovpn-brokerd", "--check-config"]
    assert run("chroot", image, *command).returncode == 0
