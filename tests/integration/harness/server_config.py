"""The configuration of a real OpenVPN server, as an operator would write it for the broker: without `management`."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.namespace import Subnet, next_port, next_subnet
from harness.pki import Pki


@dataclass
class ServerConfig:
    """One server. `extra` lines come last."""

    name: str
    pki: Pki
    folder: Path
    proto: str = "udp"
    ipv6: bool = False
    passwords: bool = (
        False  # False: clients without a password are welcome, the certificate is enough
    )
    extra: list[str] = field(default_factory=list)
    port: int = field(default_factory=next_port)
    subnet: Subnet = field(default_factory=next_subnet)

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.conf"

    def write(self) -> Path:
        lines = [
            "dev tun",
            "topology subnet",
            f"server {self.subnet.network} {self.subnet.netmask}",
            f"proto {'tcp-server' if self.proto == 'tcp' else 'udp'}",
            "local 127.0.0.1",
            f"port {self.port}",
            "dh none",
            f"ca {self.pki.ca}",
            f"cert {self.pki.server.certificate}",
            f"key {self.pki.server.key}",
            "keepalive 2 10",
            "hand-window 20",
            "disable-dco",
            "verb 3",
        ]
        if self.ipv6:
            lines.append(f"server-ipv6 {self.subnet.ipv6}")
        if not self.passwords:
            lines.append("auth-user-pass-optional")
        self.path.write_text("\n".join(lines + self.extra) + "\n")
        return self.path
