"""A child process whose output lines become events. Every child dies with the test process, however that ends."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from harness.events import EventLog
from harness.timing import DEFAULT_DEADLINE

# Sets the parent-death signal and becomes the command: same pid, and no Python between fork and exec.
_DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL", "--"]


class LoggedProcess:
    """Runs `command`, keeps its output in `log_file`, and gives each line to `on_line`;
    both callbacks run on the reader thread."""

    def __init__(
        self,
        name: str,
        command: list[str],
        log_file: Path,
        on_line: Callable[[str], None] = lambda line: None,
        on_end: Callable[[], None] = lambda: None,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ):
        self.name = name
        self.log_file = log_file
        self.lines: EventLog[str] = EventLog(name)
        self._on_line = on_line
        self._on_end = on_end
        self._process = subprocess.Popen(
            _DIE_WITH_PARENT + command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if env is None else os.environ | env,
        )
        self._reader = threading.Thread(target=self._read, name=f"read {name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with open(self.log_file, "ab") as log:
            for raw in self._process.stdout:
                log.write(raw)
                log.flush()
                line = raw.decode("utf-8", "backslashreplace").rstrip("\n")
                self.lines.append(line)
                self._on_line(line)
        self.lines.close()
        self._on_end()

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait_exit(self, deadline: float = DEFAULT_DEADLINE) -> int:
        """The exit status; negative for a signal."""
        try:
            status = self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} did not end within {deadline:.0f} s; its last lines:\n{self.tail()}"
            ) from None
        self._reader.join(deadline)
        return status

    def stop(self, deadline: float = DEFAULT_DEADLINE) -> int:
        """SIGTERM, then SIGKILL when the deadline has passed. Harmless when it has ended already."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(deadline)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self.wait_exit()

    def kill(self) -> None:
        if self.running:
            self._process.kill()
        self.wait_exit()

    def tail(self, count: int = 40) -> str:
        return "\n".join(self.lines.all()[-count:])
