"""A detached OpenVPN serves its sessions without the broker, also past its end; attaching takes them back."""

from harness.admin_calls import call, refusal, state_of
from harness.judges import allow_all
from harness.openvpn_client import RESTARTING
from harness.world import World, processes_mentioning


def test_a_detached_instance_keeps_its_sessions_and_is_taken_back(world: World) -> None:
    server = world.server(proto="tcp", extra=["hand-window 8"])
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    session = broker.session_of("alice")
    child = broker.instance("office").pid

    detached = call(broker, "InstanceService", "DetachInstance", name="office").instance
    assert (state_of(detached), detached.pid) == ("DETACHED", child)
    assert refusal(broker, "InstanceService", "StopInstance", name="office")[1] == "INSTANCE_STATE"
    bob = world.client(server, "bob")
    assert bob.wait_denied() == ""
    assert not bob.ever_connected

    attached = call(broker, "InstanceService", "AttachInstance", name="office").instance
    assert (state_of(attached), attached.pid) == ("RUNNING", child)
    # The same session, not one that was adopted: nothing was forgotten meanwhile.
    assert broker.session_of("alice").uid == session.uid
    world.client(server, "carol").wait_connected()
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]


def test_a_detached_child_outlives_the_broker_and_the_next_one_adopts_it(world: World) -> None:
    server = world.server(proto="tcp")
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    child = broker.instance("office").pid

    call(broker, "InstanceService", "DetachInstance", name="office")
    assert broker.stop() == 0
    assert child in processes_mentioning(str(world.folder))

    broker.start()
    broker.wait_instance("office", "RUNNING")
    assert broker.instance("office").pid == child
    broker.wait_log("SESSION_ADOPTED", common_name="alice")
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]
