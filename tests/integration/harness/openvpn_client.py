"""A real OpenVPN client that touches no device and no route (`dev null`), and tells what its server told it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from harness.events import EventLog
from harness.pki import Certificate, Pki
from harness.processes import LoggedProcess
from harness.server_config import ServerConfig
from harness.timing import DEFAULT_DEADLINE

CONNECTED = "CONNECTED"
PUSH_REPLY = "PUSH_REPLY"
AUTH_FAILED = "AUTH_FAILED"
SERVER_RESTART = "SERVER_RESTART"  # the server said RESTART
SERVER_HALT = "SERVER_HALT"  # the server said HALT
RESTARTING = "RESTARTING"  # the client begins again, text is the reason
EXITING = "EXITING"

# What OpenVPN 2.6 writes at `verb 3`; the group is the event's text.
_PATTERNS = [
    (CONNECTED, re.compile(r"Initialization Sequence Completed()")),
    (PUSH_REPLY, re.compile(r"PUSH: Received control message: '(PUSH_REPLY.*)'$")),
    (AUTH_FAILED, re.compile(r"AUTH: Received control message: (AUTH_FAILED.*)$")),
    (SERVER_RESTART, re.compile(r"Connection reset command was pushed by server \('(.*)'\)")),
    (SERVER_HALT, re.compile(r"Halt command was pushed by server \('(.*)'\)")),
    (RESTARTING, re.compile(r"(SIG\w+\[.*\]) received, .*process restarting")),
    (EXITING, re.compile(r"(SIG\w+\[.*\]) received, .*process exiting")),
]


@dataclass(frozen=True)
class ClientEvent:
    kind: str
    text: str


class OpenvpnClient:
    """One client process. Its `events` are in the order in which the client reported them."""

    def __init__(
        self,
        server: ServerConfig,
        pki: Pki,
        certificate: Certificate,
        folder: Path,
        *,
        username: bytes | None = None,
        password: bytes = b"",
        extra: list[str] | None = None,
    ):
        folder.mkdir(parents=True)
        self.name = certificate.common_name
        self.events: EventLog[ClientEvent] = EventLog(f"client {self.name}")
        lines = [
            "client",
            "dev null",
            "ifconfig-noexec",
            "route-noexec",
            "nobind",
            f"proto {'tcp-client' if server.proto == 'tcp' else 'udp'}",
            f"remote 127.0.0.1 {server.port}",
            f"ca {pki.ca}",
            f"cert {certificate.certificate}",
            f"key {certificate.key}",
            "remote-cert-tls server",
            "connect-retry 1 1",
            "disable-dco",
            "verb 3",
        ]
        if server.proto == "udp":
            lines.append("explicit-exit-notify 1")
        if username is not None:
            credentials = folder / "credentials"
            credentials.touch(mode=0o600)
            credentials.write_bytes(username + b"\n" + password + b"\n")
            lines.append(f"auth-user-pass {credentials}")
        config = folder / "client.conf"
        config.write_text("\n".join(lines + (extra or [])) + "\n")
        openvpn = os.environ.get("OPENVPN", "/usr/sbin/openvpn")
        self.process = LoggedProcess(
            f"client {self.name}",
            [openvpn, "--config", str(config)],
            folder / "client.log",
            self._on_line,
            on_end=self.events.close,
            cwd=folder,
        )

    def _on_line(self, line: str) -> None:
        for kind, pattern in _PATTERNS:
            found = pattern.search(line)
            if found:
                self.events.append(ClientEvent(kind, found.group(1)))

    def wait_for(
        self, kind: str, *, after: int = 0, deadline: float = DEFAULT_DEADLINE
    ) -> ClientEvent:
        return self.events.wait(
            lambda event: event.kind == kind, kind, after=after, deadline=deadline
        )

    def wait_connected(self, *, after: int = 0, deadline: float = DEFAULT_DEADLINE) -> list[str]:
        """Waits for the tunnel and gives the options of the PUSH_REPLY before it, one string each."""
        self.wait_for(CONNECTED, after=after, deadline=deadline)
        return self.pushed_options(after=after)

    def pushed_options(self, *, after: int = 0) -> list[str]:
        replies = [event.text for event in self.events.all(after) if event.kind == PUSH_REPLY]
        options = [
            option for reply in replies for option in reply.split(",") if option != "PUSH_REPLY"
        ]
        return [option for option in options if not option.startswith("push-continuation")]

    def wait_denied(self, *, after: int = 0, deadline: float = DEFAULT_DEADLINE) -> str:
        """Waits for AUTH_FAILED and gives the reason as the client read it, empty when there is none."""
        text = self.wait_for(AUTH_FAILED, after=after, deadline=deadline).text
        return text.removeprefix("AUTH_FAILED").removeprefix(",")

    @property
    def ever_connected(self) -> bool:
        return any(event.kind == CONNECTED for event in self.events.all())

    def stop(self) -> None:
        self.process.stop()
