"""A clean Debian in a folder, which boots: systemd is its process 1, in namespaces of its own. Its network is the test's, so clients
outside of it reach the servers inside."""

import shutil
import subprocess
from pathlib import Path

from harness.document import Shell
from harness.processes import LoggedProcess
from harness.timing import wait_until

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Name, major and minor number; for everybody, as udev makes them.
_DEVICES = {
    "null": "1 3",
    "zero": "1 5",
    "full": "1 7",
    "random": "1 8",
    "urandom": "1 9",
    "tty": "5 0",
    "net/tun": "10 200",
}
_ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]


def run(
    *command: str | Path, check: bool = True, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
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


class CleanRoot:
    """Ends with the test process, and so does everything that runs in it."""

    def __init__(self, folder: Path, archive: Path):
        self.folder = folder
        run("tar", "-xf", archive, "-C", folder)
        self.path("/etc/hostname").write_text("debian\n")
        self.path("/etc/hosts").write_text("127.0.0.1 localhost debian\n")
        # A control group of its own: systemd takes the one that it finds itself in for the machine's.
        self._groups = folder.with_name(f"{folder.name}-cgroup")
        self._groups.mkdir()
        run("mount", "-t", "cgroup2", "cgroup2", self._groups)
        self._group = self._groups / f"ovpn-broker-{folder.name}"
        self._group.mkdir()
        self._outside = LoggedProcess(
            "systemd", ["sh", "-ec", self._boot()], folder.with_name(f"{folder.name}.log")
        )
        wait_until(self._is_up, f"system that has booted in {folder}:\n{self._outside.tail()}")

    def _boot(self) -> str:
        root = self.folder
        steps = [
            "mount --make-rprivate /",
            f"mount --bind {root} {root}",
            f"mount -t proc proc {root}/proc",
            f"mount -t sysfs -o ro sysfs {root}/sys",
            f"mount -t cgroup2 cgroup2 {root}/sys/fs/cgroup",
            *make_devices(root / "dev"),
            f"mkdir {root}/dev/pts {root}/dev/shm",
            f"ln -s pts/ptmx {root}/dev/ptmx",
            f"mount -t devpts -o newinstance,ptmxmode=0666 devpts {root}/dev/pts",
            f"mount -t tmpfs -o mode=755 tmpfs {root}/run",
            f"mkdir {root}/run/outside",
            f"cd {root}",
            "pivot_root . run/outside",
            "umount -l /run/outside",
            "rmdir /run/outside",
            "exec env -i container=ovpn-broker-test /lib/systemd/systemd --show-status=no",
        ]
        inside = "\n".join(steps)
        return (
            f"echo $$ > {self._group}/cgroup.procs\n"
            "exec unshare --mount --pid --cgroup --ipc --uts --fork --kill-child"
            f" sh -ec '{inside}'"
        )

    def _is_up(self) -> bool:
        # Until then it is a shell, whose root may still be the machine's.
        init = Path(f"/proc/{self._init()}/comm")
        if not self._init() or init.read_text().strip() != "systemd":
            return False
        if not run(*self.enter("test", "-e", "/run/systemd/private"), check=False).returncode == 0:
            return False
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running"

    def _init(self) -> int:
        outside = self._outside.pid
        children = Path(f"/proc/{outside}/task/{outside}/children").read_text().split()
        return int(children[0]) if children else 0

    def enter(self, *command: str) -> list[str]:
        """The command line, from outside, of a command that runs inside as root."""
        namespaces = ["--mount", "--pid", "--cgroup", "--ipc", "--uts", "--root", "--wd"]
        # nsenter is its parent, and does not pass on what ends it.
        with_parent = ["setpriv", "--pdeathsig=KILL", "--"]
        entered = ["nsenter", f"--target={self._init()}", *namespaces, "--"]
        return [*entered, *with_parent, *_ENVIRONMENT, *command]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run(*self.enter(*command), check=check)

    def shell(self) -> Shell:
        return Shell(self.enter("bash", "--norc"))

    def journal(self, unit: str) -> LoggedProcess:
        """What the unit writes, from its first line on."""
        command = ["journalctl", "--follow", "--lines=all", "--output=cat", f"--unit={unit}"]
        log = self.folder.with_name(f"{self.folder.name}-{unit}.log")
        return LoggedProcess(f"journal of {unit}", self.enter(*command), log)

    def path(self, absolute: str) -> Path:
        """A file of the root, seen from outside. What is below /run, /dev and /proc is not."""
        return self.folder / absolute.removeprefix("/")

    def install(self, package: Path) -> str:
        """Over a newer one as well; the operator's changes of configuration files are kept. What apt printed."""
        inside = self.path(f"/root/{package.name}")
        inside.write_bytes(package.read_bytes())
        keep = ["-o", "Dpkg::Options::=--force-confold"]
        done = self.run(
            "apt-get", "install", "-y", "--allow-downgrades", *keep, f"/root/{package.name}"
        )
        inside.unlink()
        return done.stdout + done.stderr

    def main_pid(self, unit: str) -> int:
        """As the root counts; 0 when it does not run."""
        shown = self.run("systemctl", "show", "--property=MainPID", "--value", unit)
        return int(shown.stdout)

    def close(self) -> None:
        """Removes the folder as well: some hundred megabytes."""
        self._outside.kill()
        wait_until(
            lambda: not (self._group / "cgroup.procs").read_text().strip()
            and "populated 0" in (self._group / "cgroup.events").read_text(),
            "end of all processes",
        )
        for group in sorted(self._group.rglob("*"), reverse=True):
            if group.is_dir():
                group.rmdir()
        self._group.rmdir()
        run("umount", self._groups)
        self._groups.rmdir()
        shutil.rmtree(self.folder)
