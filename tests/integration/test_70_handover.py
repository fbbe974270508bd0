"""SIGQUIT, which `systemctl restart` sends: the broker goes, its sessions stay, and the next broker has them."""

import signal

import pytest

from harness.judges import ALLOW
from harness.openvpn_client import CONNECTED, RESTARTING
from harness.policy_server import NEVER
from harness.world import World

# Each start of a sandboxed service is in a mount namespace of its own: the children of the last one are in another.
SANDBOXED = ["unshare", "--mount", "--"]


@pytest.mark.parametrize("prefix", [[], SANDBOXED], ids=["plain", "sandboxed"])
def test_sessions_outlive_a_restart_of_the_broker(world: World, prefix: list[str]) -> None:
    server = world.server(proto="tcp")
    answers = {"alice": ALLOW, "bob": NEVER}
    policy = world.policy(lambda request: answers[request.session.common_name])
    broker = world.broker(server, policy, start=False)
    broker.prefix = prefix
    broker.start().wait_instance("office", "RUNNING")
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    bob = world.client(server, "bob")
    policy.request_for("bob")
    child = broker.instance("office").pid

    broker.signal(signal.SIGQUIT)
    assert broker.process is not None and broker.process.wait_exit() == 0
    assert broker.logged("HANDOVER") and not broker.logged("CHILD_EXITED")
    # Who was waiting is told at once, and comes again with the credentials that he has.
    assert bob.wait_denied().startswith("TEMP[")

    answers["bob"] = ALLOW
    broker.start()
    broker.wait_log("CHILD_ADOPTED", pid=child)
    broker.wait_log("SESSION_ADOPTED", common_name="alice")
    bob.wait_for(CONNECTED)
    assert broker.instance("office").pid == child
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]


def test_second_signal_during_a_handover_leaves_the_children_too(world: World) -> None:
    server = world.server(proto="tcp")
    policy = world.policy(lambda request: NEVER)
    broker = world.broker(server, policy)
    world.client(server, "bob")
    policy.request_for("bob")
    child = broker.instance("office").pid

    broker.signal(signal.SIGQUIT)
    broker.wait_log("HANDOVER")
    broker.signal(signal.SIGTERM)
    assert broker.process is not None and broker.process.wait_exit() == 1

    broker.start()
    broker.wait_log("CHILD_ADOPTED", pid=child)
