"""Limits of an allow: a session ends when its time is over, and a user has as many sessions as the policy says."""

import signal
import time
from typing import Any

from harness.openvpn_client import SERVER_HALT
from harness.timing import wait_until
from harness.world import World


def limited(**limits: Any) -> Any:
    return lambda _request: {"allow": {"limits": limits}}


def test_max_duration_ends_the_session(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(limited(max_duration="3s")))
    alice = world.client(server, "alice")
    alice.wait_connected()

    assert alice.wait_for(SERVER_HALT).text == "session time is over"
    broker.wait_log("SESSION_LIMIT_ENDED", reason="session time is over")
    broker.wait_log("SESSION_ENDED", common_name="alice")


def test_max_duration_goes_on_after_a_crash_of_the_broker(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(limited(max_duration="6s")))
    alice = world.client(server, "alice")
    alice.wait_connected()
    file = broker.folder / "state" / "session-ends"
    wait_until(lambda: file.exists() and "office" in file.read_text(), "end of alice's session")
    broker.kill()

    broker.start()
    broker.wait_log("SESSION_ENDS_LOADED", sessions=1)
    broker.wait_log("SESSION_ADOPTED", common_name="alice")
    assert alice.wait_for(SERVER_HALT).text == "session time is over"
    broker.wait_log("SESSION_ENDED", common_name="alice")


def test_max_duration_that_passed_without_a_broker_ends_the_session(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(limited(max_duration="3s")))
    alice = world.client(server, "alice")
    alice.wait_connected()
    connected = time.monotonic()
    broker.signal(signal.SIGQUIT)
    assert broker.process is not None and broker.process.wait_exit() == 0
    wait_until(lambda: time.monotonic() > connected + 3, "end of alice's time")
    assert not [event for event in alice.events.all() if event.kind == SERVER_HALT]

    broker.start()
    assert alice.wait_for(SERVER_HALT).text == "session time is over"


def test_one_session_too_many_is_denied(world: World) -> None:
    server = world.server(extra=["duplicate-cn"])
    world.broker(server, world.policy(limited(max_sessions=1)))
    world.client(server, "alice").wait_connected()

    assert world.client(server, "alice").wait_denied() == "too many sessions"
    world.client(server, "bob").wait_connected()


def test_the_oldest_session_makes_room(world: World) -> None:
    server = world.server(extra=["duplicate-cn"])
    world.broker(server, world.policy(limited(max_sessions=1, excess="EXCESS_END_OLDEST")))
    old = world.client(server, "alice")
    old.wait_connected()

    world.client(server, "alice").wait_connected()

    assert old.wait_for(SERVER_HALT).text == "replaced by a newer session"


def test_sessions_count_over_all_instances_and_a_reconnect_is_no_second_one(world: World) -> None:
    office, branch = world.server("office"), world.server("branch")
    broker = world.broker([office, branch], world.policy(limited(max_sessions=1)))
    alice = world.client(office, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")

    assert world.client(branch, "alice").wait_denied() == "too many sessions"
    alice.process.kill()
    world.client(office, "alice").wait_connected()
