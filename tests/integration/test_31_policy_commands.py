"""A policy ends sessions by command when the operator lets it, once each and not without limit."""

from typing import Any

from harness.judges import allow_all
from harness.openvpn_client import SERVER_HALT
from harness.policy_server import ScriptedPolicy
from harness.world import World

CAPABILITIES = ["CAPABILITY_SESSION_EVENTS", "CAPABILITY_COMMANDS"]
OK, NOT_FOUND, RESOURCE_EXHAUSTED, FAILED_PRECONDITION = 0, 5, 8, 9


def kill(policy: ScriptedPolicy, command_id: str, uid: str) -> None:
    action = {"session_uid": uid, "disposition": "DISPOSITION_HALT", "reason": "quota used up"}
    policy.send({"command": {"command_id": command_id, "kill_session": action}})


def commanding_policy(world: World) -> Any:
    policy = world.policy(allow_all)
    policy.hello_ack |= {"capabilities": CAPABILITIES}
    return policy


def test_policy_kills_a_session_and_the_client_goes(world: World) -> None:
    server = world.server()
    policy = commanding_policy(world)
    broker = world.broker(server, policy, remote={"grant_commands": True})
    alice, bob = (world.client(server, name) for name in ("alice", "bob"))
    for client in (alice, bob):
        client.wait_connected()
    uid = policy.event("ESTABLISHED", "alice").session.uid
    policy.event("ESTABLISHED", "bob")

    kill(policy, "first", uid)

    assert policy.result_of("first").status.code == OK
    alice.wait_for(SERVER_HALT)
    alice.process.wait_exit()
    ended = policy.event("DISCONNECTED", "alice")
    assert ended.session.uid == uid and "quota used up" in ended.session.end_reason
    assert broker.logged("POLICY_COMMAND", session=uid)
    assert bob.process.running

    seen = policy.command_results.position()
    kill(policy, "first", uid)  # repeated
    kill(policy, "second", uid)  # it has ended
    kill(policy, "third", "00000000-0000-7000-8000-000000000000")
    assert policy.result_of("first", after=seen).status.code == OK
    assert policy.result_of("second").status.code == OK
    assert policy.result_of("third").status.code == NOT_FOUND
    assert len(broker.logged("SESSION_KILL")) == 1


def test_without_a_grant_nothing_is_killed(world: World) -> None:
    server = world.server()
    policy = commanding_policy(world)
    broker = world.broker(server, policy)
    world.client(server, "alice").wait_connected()
    uid = policy.event("ESTABLISHED", "alice").session.uid

    kill(policy, "first", uid)

    assert policy.result_of("first").status.code == FAILED_PRECONDITION
    assert broker.session_of("alice").uid == uid


def test_mass_kill_is_limited(world: World) -> None:
    server = world.server()
    policy = commanding_policy(world)
    limits = {"grant_commands": True, "command_rate": 1, "command_burst": 2}
    broker = world.broker(server, policy, remote=limits)
    for name in ("alice", "bob", "carol", "dave", "erin"):
        world.client(server, name).wait_connected()
    uids = [
        policy.event("ESTABLISHED", name).session.uid
        for name in ("alice", "bob", "carol", "dave", "erin")
    ]

    for number, uid in enumerate(uids):
        kill(policy, f"kill-{number}", uid)

    results = [policy.result_of(f"kill-{number}").status.code for number in range(len(uids))]
    assert results == [OK, OK, RESOURCE_EXHAUSTED, RESOURCE_EXHAUSTED, RESOURCE_EXHAUSTED]
    assert broker.wait_log("POLICY_COMMANDS_LIMITED")
    assert len(broker.logged("SESSION_KILL")) == 2
