"""An operator can see and do everything while no policy is alive: no admin call waits for one."""

import socket
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from harness.admin_calls import call, every_method, outcome, state_of
from harness.policy_server import NEVER
from harness.timing import DEFAULT_DEADLINE, SCALE
from harness.world import World

# What goes into the fields of a request that are called so.
VALUES = {
    "instance": "office",
    "policy": "judge",
    "reason": "nobody decides",
    "username": "mallory",
    "pool": "staff",
    "address": "10.99.0.1",
    "environment": {"common_name": "alice"},
    "kill_matching": True,
}
NAMES = {"InstanceService": "office", "PolicyAdminService": "judge"}

# How long a stream that has no end is read.
STREAM_PATIENCE = 0.5 * SCALE

# Answers that say that something was waited for in vain, or that nobody is there.
NO_ANSWERS = {
    "DEADLINE_EXCEEDED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNKNOWN",
    "CANCELLED",
}


def dead_policy(kind: str, world: World, stack: ExitStack) -> Any:
    if kind == "absent":
        return SimpleNamespace(address=f"unix:{world.folder / 'nobody.sock'}")
    if kind == "mute":  # takes connections and says nothing, not even in HTTP/2
        path = world.folder / "mute.sock"
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(path))
        listener.listen(16)
        return SimpleNamespace(address=f"unix:{path}")
    return world.policy(lambda _request: NEVER)  # "silent": greets, and answers nobody


@pytest.mark.parametrize("kind", ["absent", "mute", "silent"])
def test_every_method_answers(world: World, kind: str) -> None:
    with ExitStack() as stack:
        server = world.server()
        policy = dead_policy(kind, world, stack)
        broker = world.broker(server, policy)
        world.client(server, "alice")
        if kind == "silent":  # she waits for a verdict while the operator works
            assert policy.request_for("alice")

        outcomes = {}
        for method in every_method():
            service = method.containing_service.name
            values = VALUES | {"name": NAMES.get(service, "")}
            patience = STREAM_PATIENCE if method.server_streaming else DEFAULT_DEADLINE
            outcomes[f"{service}.{method.name}"] = outcome(broker, method, values, patience)

        evaluated = outcomes["PolicyAdminService.EvaluateDecision"]
        assert evaluated[0] == ("FAILED_PRECONDITION" if kind == "silent" else "OK")
        for name in ("RecordDecisions", "TailLog", "WatchInstances", "WatchSessions"):
            (stream,) = [key for key in outcomes if key.endswith(f".{name}")]
            assert outcomes.pop(stream)[0] in ("OK", "DEADLINE_EXCEEDED"), stream
        assert not {key: value for key, value in outcomes.items() if value[0] in NO_ANSWERS}


def test_an_operator_bans_drains_and_reloads(world: World) -> None:
    """Not only answered: done."""
    server = world.server()
    broker = world.broker(server, dead_policy("absent", world, ExitStack()))
    call(broker, "BanService", "CreateBan", common_name="alice", reason="lost", client_reason="ask")
    assert world.client(server, "alice").wait_denied() == "ask"
    broker.wait_decision("alice", "DECISION_BANNED")
    call(broker, "InstanceService", "DrainInstance", name="office", reason="moving")
    assert world.client(server, "bob").wait_denied().endswith("moving")

    broker.config_values["policies"] = [
        {"name": "judge", "rules": {"file": str(world.rules_file([{"allow": {}}]))}}
    ]
    broker.write_config()
    assert call(broker, "BrokerService", "ReloadConfig").applied
    call(broker, "InstanceService", "UndrainInstance", name="office")
    world.client(server, "carol").wait_connected()
    restarted = call(broker, "InstanceService", "RestartInstance", name="office").instance
    assert state_of(restarted) == "RUNNING"


def test_an_evaluation_by_a_dead_policy_says_so_by_name(world: World) -> None:
    broker = world.broker(world.server(), dead_policy("absent", world, ExitStack()))
    evaluated = call(broker, "PolicyAdminService", "EvaluateDecision", instance="office")
    assert (evaluated.policy, evaluated.result) == ("judge", evaluated.RESULT_FAILURE)
    assert evaluated.detail.startswith("UNAVAILABLE: ")
