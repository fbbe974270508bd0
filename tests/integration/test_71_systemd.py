"""What systemd hears from the daemon, on a socket in place of its own: ready, reloading, alive, stopping."""

import signal
from collections.abc import Iterator

import pytest

from harness.judges import allow_all
from harness.notify_socket import NotifySocket
from harness.world import World


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
