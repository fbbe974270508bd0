"""A drained instance lets nobody new in, without asking a policy; its sessions go on until the drain's end."""

from typing import Any

from google.protobuf.duration_pb2 import Duration

from harness.admin_calls import call, refusal
from harness.judges import allow_all
from harness.openvpn_client import RESTARTING
from harness.timing import wait_until
from harness.world import World


def office_with_alice(world: World) -> tuple[Any, Any, Any, Any]:
    """Server, policy, broker, and a client that is in."""
    server = world.server()
    policy = world.policy(allow_all)
    broker = world.broker(server, policy)
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    return server, policy, broker, alice


def test_nobody_new_gets_in_and_sessions_end_when_the_drain_says(world: World) -> None:
    server, policy, broker, alice = office_with_alice(world)

    drained = call(
        broker, "InstanceService", "DrainInstance", name="office", reason="moving to b2"
    ).instance
    assert drained.drain.reason == "moving to b2"
    reason = world.client(server, "bob").wait_denied()
    assert reason.startswith("TEMP[")
    assert reason.endswith("moving to b2")
    broker.wait_decision("bob", "DECISION_DENIED", code="draining", policy="(drain)")
    assert not [
        request for request in policy.requests.all() if request.session.common_name == "bob"
    ]
    assert broker.instance("office").drain.denied_count >= 1
    assert broker.session_of("alice").uid

    seen = alice.events.position()
    call(
        broker,
        "InstanceService",
        "DrainInstance",
        name="office",
        reason="now",
        end_after=Duration(seconds=0),
    )
    alice.wait_for(RESTARTING, after=seen)
    broker.wait_log("SESSION_ENDED", common_name="alice")

    call(broker, "InstanceService", "UndrainInstance", name="office")
    assert refusal(broker, "InstanceService", "UndrainInstance", name="office") == (
        "FAILED_PRECONDITION",
        "NOT_DRAINING",
    )
    world.client(server, "carol").wait_connected()


def test_drain_outlives_the_broker_and_ends_what_the_next_one_adopts(world: World) -> None:
    server, _, broker, alice = office_with_alice(world)
    broker.ctl("instances", "drain", "office", "--reason", "moving", "--end-after", "3600")
    file = broker.folder / "state" / "drains"
    wait_until(lambda: file.exists(), "the drain is on the disk")

    broker.kill()
    # An hour has passed.
    head, line, end = file.read_text().splitlines()
    name, start, until, reason = line.split("\t")
    earlier = "\t".join([name, str(int(start) - 7200), str(int(until) - 7200), reason])
    file.write_text("\n".join([head, earlier, end, ""]))
    seen = alice.events.position()
    broker.start()
    broker.wait_log("DRAIN_RESTORED", instance="office", reason="moving")
    broker.wait_log("DRAIN_ENDS_SESSIONS", instance="office", sessions=1)
    alice.wait_for(RESTARTING, after=seen)
    assert world.client(server, "bob").wait_denied().endswith("moving")
    assert broker.instance("office").drain.reason == "moving"

    broker.ctl("instances", "undrain", "office")
    assert broker.stop() == 0
    broker.start()
    broker.wait_instance("office", "RUNNING")
    world.client(server, "carol").wait_connected()
