"""A socket in place of systemd's, which tells what a service notifies."""

import queue
import socket
import threading

from harness.timing import DEFAULT_DEADLINE


class NotifySocket:
    """The receiving end of sd_notify(3), read at all times as systemd reads it: the kernel keeps ten datagrams and then makes
    who sends wait."""

    def __init__(self, path: str):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._messages: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while data := self._socket.recv(4096):
            self._messages.put(dict(line.split("=", 1) for line in data.decode().splitlines()))

    def wait(self, variable: str) -> dict[str, str]:
        """The next message that has `variable`."""
        while True:
            try:
                message = self._messages.get(timeout=DEFAULT_DEADLINE)
            except queue.Empty:
                raise AssertionError(f"the service did not notify {variable}") from None
            if variable in message:
                return message

    def wait_silence(self) -> None:
        """Nothing comes for a second, after what has been sent already."""
        try:
            for _ in range(100):
                self._messages.get(timeout=1)
        except queue.Empty:
            return
        raise AssertionError("it goes on talking")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # ends the reader's recv, which a close would not
        self._reader.join(DEFAULT_DEADLINE)
        self._socket.close()
