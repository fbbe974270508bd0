"""A clean Debian in a folder, with the package installed, and its service run as its unit says, as far as that goes
without systemd: same user, capabilities, devices, read-only files and /proc."""

import configparser
import shutil
import subprocess
from pathlib import Path

from harness.processes import LoggedProcess

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNIT = "usr/lib/systemd/system/ovpn-broker.service"
_DEVICES = ["null", "zero", "full", "random", "urandom"]


def run(
    *command: str | Path, check: bool = True, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


class Unit:
    """The [Service] part of the installed unit."""

    def __init__(self, path: Path):
        parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(path.read_text())
        self.values = dict(parser["Service"])

    def words(self, name: str) -> list[str]:
        return self.values.get(name, "").split()


class CleanRoot:
    """Lives in namespaces of the test process; nothing is left of its mounts when that ends."""

    def __init__(self, folder: Path, archive: Path, package: Path):
        self.folder = folder
        self.package = package
        run("tar", "-xf", archive, "-C", folder)
        run("mount", "-t", "proc", "proc", folder / "proc")
        self._make_devices()

    def close(self) -> None:
        """Unmounts all, and removes the folder: some hundred megabytes."""
        run("umount", "--recursive", self.folder / "proc")
        for device in [*_DEVICES, "net/tun"]:
            run("umount", self.folder / "dev" / device)
        shutil.rmtree(self.folder)

    def _make_devices(self) -> None:
        for device in [*_DEVICES, "net/tun"]:
            place = self.folder / "dev" / device
            place.parent.mkdir(exist_ok=True)
            place.touch()
            run("mount", "--bind", f"/dev/{device}", place)

    def chroot(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run("chroot", self.folder, *command, check=check)

    def path(self, absolute: str) -> Path:
        return self.folder / absolute.removeprefix("/")

    def install(self) -> None:
        inside = self.folder / "tmp" / self.package.name
        inside.write_bytes(self.package.read_bytes())
        self.chroot("dpkg", "-i", f"/tmp/{self.package.name}")
        inside.unlink()

    def start_service(self, notify_socket: str) -> LoggedProcess:
        """What systemd would start. The folders that the unit asks for are made as systemd makes them."""
        unit = Unit(self.path(UNIT))
        folders = {
            f"/run/{unit.values['RuntimeDirectory']}": unit.values["RuntimeDirectoryMode"],
            f"/var/lib/{unit.values['StateDirectory']}": unit.values["StateDirectoryMode"],
            f"/var/log/{unit.values['LogsDirectory']}": unit.values["LogsDirectoryMode"],
        }
        user, group = unit.values["User"], unit.values["Group"]
        for folder, mode in folders.items():
            self.chroot("install", "-d", "-o", user, "-g", group, "-m", mode, folder)
        capabilities = ",".join(
            f"+{name.removeprefix('CAP_').lower()}" for name in unit.words("AmbientCapabilities")
        )
        bounding = ",".join(
            f"+{name.removeprefix('CAP_').lower()}" for name in unit.words("CapabilityBoundingSet")
        )
        sandbox = [
            f"mount --bind {self.folder} {self.folder}",
            f"mount -o remount,bind,ro {self.folder}",
            *(f"mount --bind {self.folder}{name} {self.folder}{name}" for name in folders),
            *(f"mount -o remount,bind,rw {self.folder}{name}" for name in folders),
            f"mount -t tmpfs -o mode=1777,nodev,nosuid tmpfs {self.folder}/tmp",
            f"mount -t proc -o hidepid=invisible,subset=pid proc {self.folder}/proc",
            *(
                f"mount --bind /dev/{name} {self.folder}/dev/{name}"
                for name in [*_DEVICES, "net/tun"]
            ),
            f"umask {unit.values['UMask']}",
            f"exec chroot {self.folder} setpriv --reuid {user} --regid {group} --clear-groups"
            f" --bounding-set=-all,{bounding} --inh-caps=-all,{capabilities} --ambient-caps=-all,{capabilities}"
            f" --no-new-privs -- {unit.values['ExecStart']}",
        ]
        return LoggedProcess(
            "ovpn-broker.service",
            ["unshare", "--mount", "--", "sh", "-ec", "\n".join(sandbox)],
            self.folder.parent / "service.log",
            env={"NOTIFY_SOCKET": notify_socket},
        )
