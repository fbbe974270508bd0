"""What systemd hears from the daemon, on a socket in place of its own: ready, reloading, alive, stopping."""

import signal
import socket
from collections.abc import Iterator

import pytest

from harness.judges import allow_all
from harness.timing import DEFAULT_DEADLINE
from harness.world import World


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


@pytest.fixture
def systemd(world: World) -> Iterator[NotifySocket]:
    notify = NotifySocket(str(world.folder / "notify.sock"))
    yield notify
    notify.close()


@pytest.mark.parametrize("last", [signal.SIGTERM, signal.SIGQUIT])
def test_life_of_the_service(world: World, systemd: NotifySocket, last: signal.Signals) -> None:
    broker = world.broker(world.server(), world.policy(allow_all), start=False)
    broker.environment = {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "200000"}
    broker.start()
    systemd.wait("READY")
    # Ready means that `systemctl start X && ovpn-brokerctl ...` works.
    assert broker.ctl("status").returncode == 0
    for _ in range(3):
        systemd.wait("WATCHDOG")

    broker.signal(signal.SIGHUP)
    assert int(systemd.wait("RELOADING")["MONOTONIC_USEC"]) > 0
    systemd.wait("READY")

    # A configuration with errors ends the reload as well, and systemd does not wait in vain.
    broker.config.write_text("nonsense: true\n")
    broker.signal(signal.SIGHUP)
    systemd.wait("RELOADING")
    systemd.wait("READY")
    broker.wait_log("CONFIG_NOT_RELOADED")

    broker.signal(last)
    systemd.wait("STOPPING")
    assert broker.process is not None and broker.process.wait_exit() == 0


def test_a_loop_that_hangs_is_silent(world: World, systemd: NotifySocket) -> None:
    broker = world.broker(world.server(), world.policy(allow_all), start=False)
    broker.environment = {"NOTIFY_SOCKET": systemd.path, "WATCHDOG_USEC": "200000"}
    broker.start()
    systemd.wait("READY")
    systemd.wait("WATCHDOG")
    broker.signal(signal.SIGSTOP)
    systemd.wait_silence()
    broker.signal(signal.SIGCONT)
