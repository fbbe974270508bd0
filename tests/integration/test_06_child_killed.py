"""A child that is killed is started again, its clients come back, and old numbers mean nothing any more."""

import os
import signal

from harness.judges import allow_all
from harness.openvpn_client import CONNECTED
from harness.world import World


def test_killed_child_is_restarted_and_clients_return(world: World) -> None:
    server = world.server(proto="tcp")
    broker = world.broker(server, world.policy(allow_all), restart={"initial_backoff": "100ms"})
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    before = broker.instance("office")
    session = broker.session_of("alice")
    seen, log_seen = alice.events.position(), broker.events.position()

    os.kill(before.pid, signal.SIGKILL)

    broker.wait_instance("office", "RUNNING", after=log_seen)
    alice.wait_for(CONNECTED, after=seen)
    broker.wait_decision("alice", after=log_seen, outcome="VERIFIED")
    after = broker.instance("office")
    assert after.pid != before.pid
    assert after.epoch > before.epoch
    assert after.restart_count == before.restart_count + 1
    assert broker.session_of("alice").uid != session.uid
