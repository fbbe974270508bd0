"""Connections to the admin socket that say nothing, or something else than HTTP/2, are closed; clients go on."""

import resource
import socket

from harness.judges import allow_all
from harness.timing import DEFAULT_DEADLINE
from harness.world import World

MAX_WAITING = 64  # PrefaceGate::kMaxWaiting


def test_silent_connections_are_closed_and_the_command_line_goes_on(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    broker.wait_instance("office", "RUNNING")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 1024)), hard))
    silent = []
    for _ in range(2 * MAX_WAITING):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(broker.admin_socket))
        connection.settimeout(4 * DEFAULT_DEADLINE)
        silent.append(connection)
    # The oldest go at once, when too many wait.
    for connection in silent[:MAX_WAITING]:
        assert connection.recv(1) == b""
    told = broker.wait_log("ADMIN_CONNECTION_CLOSED")
    assert told.fields["reason"] == "too many connections say nothing"
    assert "office" in broker.ctl("instances").stdout
    # That client took the place of one more; the others go when they have been silent for long.
    for connection in silent[MAX_WAITING:]:
        assert connection.recv(1) == b""
    assert "office" in broker.ctl("instances").stdout
    assert len(broker.logged("ADMIN_CONNECTION_CLOSED")) == 1


def test_what_is_not_http2_is_closed(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    with socket.socket(socket.AF_UNIX) as browser:
        browser.settimeout(DEFAULT_DEADLINE)
        browser.connect(str(broker.admin_socket))
        browser.sendall(b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n")
        try:
            assert browser.recv(1) == b""
        except ConnectionResetError:
            pass  # it was closed unread
    told = broker.wait_log("ADMIN_CONNECTION_CLOSED")
    assert told.fields["reason"] == "its first bytes are not those of HTTP/2"
