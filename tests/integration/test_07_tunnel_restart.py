"""SIGUSR1 and SIGHUP to the child: OpenVPN counts from 0 again on the same management connection, so the hold is
released again and a verdict for the old numbers reaches nobody."""

import os
import signal

import pytest

from harness.judges import ALLOW
from harness.openvpn_client import CONNECTED
from harness.policy_server import NEVER
from harness.world import World


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGHUP], ids=lambda number: number.name)
def test_tunnel_restart_voids_old_numbers(world: World, number: signal.Signals) -> None:
    server = world.server(proto="tcp")
    held = {"bob"}
    policy = world.policy(lambda request: NEVER if request.session.common_name in held else ALLOW)
    broker = world.broker(server, policy, decision={"timeout": "10s", "attempt_timeout": "10s"})
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    bob = world.client(server, "bob")
    old_question = policy.request_for("bob")
    before = broker.instance("office")
    seen, asked, log_seen = (
        alice.events.position(),
        policy.requests.position(),
        broker.events.position(),
    )

    os.kill(before.pid, number)

    broker.wait_instance("office", "RUNNING", after=log_seen)
    new_question = policy.request_for("bob", after=asked)
    assert new_question.session.epoch > old_question.session.epoch
    policy.answer(old_question.decision_id, ALLOW)
    policy.outcome_of(old_question.decision_id, "LATE")
    assert not bob.ever_connected

    policy.answer(new_question.decision_id, {"deny": {"client_reason": "judged anew"}})
    assert bob.wait_denied() == "judged anew"
    alice.wait_for(CONNECTED, after=seen)
    again = policy.request_for("alice", after=asked)
    assert {again.session.cid, new_question.session.cid} == {0, 1}
    after = broker.instance("office")
    assert (after.pid, after.epoch) == (before.pid, before.epoch + 1)
