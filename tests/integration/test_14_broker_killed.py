"""A broker that was killed lets nobody in, and its successor starts clean."""

from harness.judges import allow_all
from harness.openvpn_client import CONNECTED, RESTARTING
from harness.world import World


def test_nobody_gets_in_without_a_broker_and_the_next_starts_clean(world: World) -> None:
    # A short hand-window, since OpenVPN's own refusal of an unanswered client is what the test waits for.
    server = world.server(proto="tcp", extra=["hand-window 8"])
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    child = broker.instance("office").pid

    broker.kill()

    bob = world.client(server, "bob")
    assert bob.wait_denied() == ""
    assert not bob.ever_connected
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]

    seen = alice.events.position()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    assert broker.instance("office").pid != child
    alice.wait_for(CONNECTED, after=seen)
    world.client(server, "carol").wait_connected()
