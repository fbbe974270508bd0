"""The management socket of one real client, as its user's program would hold it: the client connects to it, tells what
it is asked, and is told what the user typed."""

import base64
import re
import socket
import threading
from pathlib import Path

from harness.events import EventLog

# Further steps and password requests, as OpenVPN 2.6 tells them to the program in front of the user.
CHALLENGE = re.compile(r"^>INFOMSG:(CR_TEXT:.*)$")
PAGE = re.compile(r"^>INFOMSG:((?:WEB_AUTH|OPEN_URL):.*)$")
PASSWORD_WANTED = re.compile(r"^>PASSWORD:Need 'Auth' (username/password)$")
PASSWORD_REFUSED = re.compile(r"^>PASSWORD:Verification Failed: 'Auth' \['(.*)'\]$")


class ClientManagement:
    """Listens until closed. `options` go into the client's configuration."""

    def __init__(self, folder: Path, *, methods: str = "webauth,crtext"):
        self.lines: EventLog[str] = EventLog("management of a client")
        path = folder / f"client-{id(self):x}.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._stream: socket.socket | None = None
        self.options = [f"management {path} unix", "management-client", "push-peer-info"]
        if methods:
            self.options.append(f"setenv IV_SSO {methods}")
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            self._stream, _ = self._listener.accept()
            for line in self._stream.makefile("r", errors="replace"):
                self.lines.append(line.rstrip("\r\n"))
        except OSError:
            pass
        self.lines.close()

    def wait_for(self, pattern: re.Pattern[str], *, after: int = 0) -> str:
        """The group of the first line that matches."""
        line = self.lines.wait(
            lambda candidate: bool(pattern.match(candidate)), pattern.pattern, after=after
        )
        found = pattern.match(line)
        assert found
        return found.group(1)

    def send(self, line: str) -> None:
        assert self._stream is not None, "the client has not connected to its management socket"
        self._stream.sendall(f"{line}\n".encode())

    def answer_challenge(self, text: str) -> None:
        self.send(f"cr-response {base64.b64encode(text.encode()).decode()}")

    def log_in(self, username: str, password: str) -> None:
        self.send(f'username "Auth" "{username}"')
        self.send(f'password "Auth" "{password}"')

    def close(self) -> None:
        for each in (self._stream, self._listener):
            if each is not None:
                each.close()
