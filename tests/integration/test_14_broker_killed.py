"""A broker that was killed lets nobody in, drops nobody, and its successor takes over what runs."""

from harness.judges import allow_all
from harness.openvpn_client import CONNECTED, RESTARTING, SERVER_HALT
from harness.world import World, processes_mentioning


def test_nobody_gets_in_without_a_broker_and_the_next_adopts_the_child(world: World) -> None:
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

    broker.start()
    broker.wait_instance("office", "RUNNING")
    assert broker.instance("office").pid == child
    broker.wait_log("SESSION_ADOPTED", common_name="alice")
    adopted = broker.session_of("alice", state="UNJUDGED")
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]
    world.client(server, "carol").wait_connected()
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]

    # An adopted session is a session, and the child is the broker's own.
    broker.kill_session(adopted.uid, "HALT", "maintenance")
    alice.wait_for(SERVER_HALT)
    assert broker.stop() == 0
    assert child not in processes_mentioning(str(world.folder))


def test_child_of_another_configuration_is_ended_and_started_anew(world: World) -> None:
    server = world.server(proto="tcp")
    broker = world.broker(server, world.policy(allow_all))
    alice = world.client(server, "alice")
    alice.wait_connected()
    child = broker.instance("office").pid

    broker.kill()
    seen = alice.events.position()
    broker.config_values["instances"][0]["arguments"] = ["--verb", "4"]
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    assert broker.instance("office").pid != child
    alice.wait_for(CONNECTED, after=seen)
