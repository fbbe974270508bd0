"""A network of the test process's own: addresses, ports and tun devices never meet anybody else's, and the kernel
removes all of it with the last process inside."""

import ctypes
import itertools
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def enter_private_network() -> None:
    """Moves the calling thread, and all threads and children that it starts later, to new namespaces of the network
    and of the mounts."""
    if _libc.unshare(_CLONE_NEWNET | _CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"cannot make a network namespace: {os.strerror(error)}")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def name_hosts(file: Path, hosts: dict[str, list[str]]) -> None:
    """Makes `hosts`, names and their addresses, what /etc/hosts says in these namespaces; `file` is where it is kept."""
    lines = [f"{address} {name}" for name, addresses in hosts.items() for address in addresses]
    is_new = not file.exists()
    file.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
    if is_new:
        subprocess.run(["mount", "--bind", str(file), "/etc/hosts"], check=True)


def forget_hosts() -> None:
    subprocess.run(["umount", "/etc/hosts"], check=True)


@dataclass(frozen=True)
class Subnet:
    """One tunnel network, 10.N.0.0/24 and fd00:N::/64, used once in a test process."""

    number: int

    @property
    def network(self) -> str:
        return f"10.{self.number}.0.0"

    @property
    def netmask(self) -> str:
        return "255.255.255.0"

    def host(self, last: int) -> str:
        return f"10.{self.number}.0.{last}"

    @property
    def ipv6(self) -> str:
        return f"fd00:{self.number:x}::/64"

    def host6(self, last: int) -> str:
        return f"fd00:{self.number:x}::{last:x}"


_numbers = itertools.count()


def next_subnet() -> Subnet:
    return Subnet(8 + next(_numbers) % 240)


_ports = itertools.count(20000)


def next_port() -> int:
    """A port that nobody uses: the namespace is ours, and a number is given once."""
    return next(_ports)
