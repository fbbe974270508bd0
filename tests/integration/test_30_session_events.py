"""A policy that asks for session events hears of each session of its instances, in order, over a cut stream too."""

from typing import Any

from harness.judges import allow_all
from harness.world import World

EVENTS = ["CAPABILITY_SESSION_EVENTS", "CAPABILITY_EVENT_REPLAY"]


def names(messages: list[Any]) -> list[str]:
    return [
        type(each).Kind.Name(each.kind)
        if hasattr(each, "kind")
        else type(each).Result.Name(each.result)
        for each in messages
    ]


def test_connect_reauth_and_disconnect_are_told_in_order(world: World) -> None:
    server = world.server(extra=["reneg-sec 5 5"])
    policy = world.policy(allow_all)
    policy.hello_ack |= {"capabilities": EVENTS, "environment_names": ["IV_*"]}
    broker = world.broker(server, policy)
    assert (
        policy.event("SNAPSHOT_COMPLETE").cursor.broker_epoch == policy.hellos.all()[0].broker_epoch
    )
    alice = world.client(server, "alice")
    alice.wait_connected()

    established = policy.event("ESTABLISHED", "alice")
    assert list(established.session.virtual_addresses)
    assert (
        policy.event("REAUTHENTICATED", "alice", deadline=30).session.uid == established.session.uid
    )
    alice.stop()
    ended = policy.event("DISCONNECTED", "alice", deadline=30)
    assert ended.session.received_bytes > 0 and ended.session.sent_bytes > 0
    sequences = [e.cursor.sequence for e in policy.session_events.all() if e.HasField("cursor")]
    assert sequences == sorted(sequences)

    told = names(policy.told.all())
    assert (
        told.index("RESULT_WRITTEN")
        < told.index("RESULT_VERIFIED")
        < told.index("KIND_ESTABLISHED")
    )
    environment = policy.request_for("alice").environment
    assert environment["IV_PLAT"] and all(name.startswith("IV_") for name in environment)
    assert broker.sessions() == []


def test_cut_stream_resumes_at_its_cursor_without_loss(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    policy.hello_ack |= {"capabilities": EVENTS}
    broker = world.broker(server, policy)
    alice, bob = (world.client(server, name) for name in ("alice", "bob"))
    for client in (alice, bob):
        client.wait_connected()
    policy.event("ESTABLISHED", "alice")
    policy.event("ESTABLISHED", "bob")
    last = policy.session_events.all()[-1].cursor

    policy.stop()
    alice.stop()
    broker.wait_log("SESSION_ENDED", common_name="alice")
    policy.hello_ack |= {
        "resume_from": {"broker_epoch": last.broker_epoch, "sequence": last.sequence}
    }
    cut = policy.session_events.position()
    policy.start()

    ended = policy.event("DISCONNECTED", "alice", after=cut)
    assert ended.cursor.sequence > last.sequence
    assert names(policy.session_events.all(cut)) == ["KIND_DISCONNECTED"]


def test_cursor_of_another_run_is_said_to_be_lost_and_sessions_are_listed(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    policy.hello_ack |= {"capabilities": EVENTS}
    world.broker(server, policy)
    world.client(server, "alice").wait_connected()
    policy.event("ESTABLISHED", "alice")

    policy.stop()
    policy.hello_ack |= {"resume_from": {"broker_epoch": "another", "sequence": 1}}
    cut = policy.session_events.position()
    policy.start()

    policy.event("SNAPSHOT_COMPLETE", after=cut)
    assert names(policy.session_events.all(cut))[:3] == [
        "KIND_CURSOR_LOST",
        "KIND_SNAPSHOT",
        "KIND_SNAPSHOT_COMPLETE",
    ]


def test_traffic_is_told_while_a_session_lasts(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    policy.hello_ack |= {"capabilities": [*EVENTS, "CAPABILITY_SESSION_TRAFFIC"]}
    world.broker(server, policy, remote={"traffic_interval": "1s"}, bytecount_interval="1s")
    world.client(server, "alice").wait_connected()

    def counted(event: object) -> bool:
        return event.kind == type(event).KIND_TRAFFIC and event.session.received_bytes > 0

    policy.session_events.wait_count(counted, "byte counts of alice", 2, deadline=30)
