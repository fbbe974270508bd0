"""A tool on a management socket as exporters are written: asks, reads up to the reply's end, keeps notifications apart."""

import socket
import subprocess
from pathlib import Path

from harness.timing import DEFAULT_DEADLINE

GREETING = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info"
ONE_LINE = ("SUCCESS: ", "ERROR: ")


class ManagementTool:
    """Connected until closed. Every line that comes is checked to be a whole one."""

    def __init__(self, path: Path):
        self.notifications: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(DEFAULT_DEADLINE)
        self._socket.connect(str(path))
        self._stream = self._socket.makefile("rb")
        assert self.read_line() == GREETING

    def read_line(self) -> str:
        line = self._stream.readline()
        assert line.endswith(b"\r\n"), f"not a whole line: {line!r}"
        return line[:-2].decode(errors="surrogateescape")

    def send(self, command: str) -> None:
        self._socket.sendall(command.encode() + b"\n")

    def ask(self, command: str) -> list[str]:
        """The lines of the reply; without END when it has several."""
        self.send(command)
        reply: list[str] = []
        while True:
            line = self.read_line()
            if line.startswith(">") and not reply:
                self.notifications.append(line)
            elif line == "END":
                return reply
            elif line.startswith(ONE_LINE) and not reply:
                return [line]
            else:
                reply.append(line)

    def wait_notification(self, prefix: str) -> str:
        """The first one that begins so; it is taken off."""
        while True:
            for line in self.notifications:
                if line.startswith(prefix):
                    self.notifications.remove(line)
                    return line
            line = self.read_line()
            assert line.startswith(">"), line
            self.notifications.append(line)

    def at_end(self) -> bool:
        """Waits for the end of the stream; what came before it is dropped."""
        while self._stream.readline():
            pass
        return True

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


# A program that knows nothing of the protocol: standard input into the socket, the socket to standard output.
_PIPE = r"""
use IO::Socket::UNIX; $| = 1;
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!";
if (fork) { while (defined(my $line = <$s>)) { print $line } exit 0 }
while (defined(my $line = <STDIN>)) { syswrite $s, $line }
"""


class PipedTool:
    """The socket as a shell sees it, through a pipe."""

    def __init__(self, path: Path):
        self._process = subprocess.Popen(
            ["perl", "-e", _PIPE, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, script: str) -> list[str]:
        """All lines that come for `script`, which ends with `quit`."""
        raw, _ = self._process.communicate(script.encode(), timeout=DEFAULT_DEADLINE)
        output = raw.decode(errors="surrogateescape")
        assert output.endswith("\r\n"), f"not a whole line at the end: {output[-80:]!r}"
        return output.removesuffix("\r\n").split("\r\n")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
