"""A crash of one instance is nobody else's."""

import os
import signal

from harness.judges import ALLOW, judge
from harness.openvpn_client import CONNECTED, RESTARTING
from harness.world import World


def test_crash_of_one_instance_leaves_the_other_alone(world: World) -> None:
    office, branch = world.server("office", proto="udp"), world.server("branch", proto="tcp")
    broker = world.broker(
        [office, branch],
        judge("rules", world, {"alice": ALLOW, "bob": ALLOW}),
        restart={"initial_backoff": "100ms"},
    )
    alice, bob = world.client(office, "alice"), world.client(branch, "bob")
    for client in (alice, bob):
        client.wait_connected()
        broker.wait_decision(client.name, outcome="VERIFIED")
    before = broker.session_of("alice")
    seen, log_seen = bob.events.position(), broker.events.position()

    os.kill(broker.instance("branch").pid, signal.SIGKILL)

    broker.wait_instance("branch", "RUNNING", after=log_seen)
    bob.wait_for(CONNECTED, after=seen)
    after = broker.session_of("alice")
    assert (after.uid, after.epoch) == (before.uid, before.epoch)
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]
    assert not broker.logged("INSTANCE_STATE", after=log_seen, instance="office")
