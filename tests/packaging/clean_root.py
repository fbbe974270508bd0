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
# Name, major and minor number, for everybody as udev makes them: what DevicePolicy=closed and the unit's DeviceAllow= leave.
_DEVICES = {
    "null": "1 3",
    "zero": "1 5",
    "full": "1 7",
    "random": "1 8",
    "urandom": "1 9",
    "net/tun": "10 200",
}


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


def make_devices(folder: Path) -> list[str]:
    """Shell commands that make a /dev in `folder`, on a file system of its own."""
    return [
        f"mount -t tmpfs -o mode=755 tmpfs {folder}",
        f"mkdir {folder}/net",
        *(f"mknod -m 666 {folder}/{name} c {numbers}" for name, numbers in _DEVICES.items()),
    ]


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
        run("sh", "-ec", "\n".join(make_devices(folder / "dev")))

    def close(self) -> None:
        """Unmounts all, and removes the folder: some hundred megabytes."""
        run("umount", self.folder / "proc")
        run("umount", self.folder / "dev")
        shutil.rmtree(self.folder)

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
            *make_devices(self.folder / "dev"),
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
