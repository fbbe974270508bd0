"""A socket in place of systemd's, which tells what a service notifies."""

import socket

from harness.timing import DEFAULT_DEADLINE


class NotifySocket:
    """The receiving end of sd_notify(3)."""

    def __init__(self, path: str):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(DEFAULT_DEADLINE)

    def wait(self, variable: str) -> dict[str, str]:
        """The next message that has `variable`."""
        while True:
            lines = self._socket.recv(4096).decode().splitlines()
            message = dict(line.split("=", 1) for line in lines)
            if variable in message:
                return message

    def wait_silence(self) -> None:
        """Nothing comes for a second, after what has been sent already."""
        self._socket.settimeout(1)
        try:
            for _ in range(100):
                self._socket.recv(4096)
        except TimeoutError:
            return
        raise AssertionError("it goes on talking")

    def close(self) -> None:
        self._socket.close()
