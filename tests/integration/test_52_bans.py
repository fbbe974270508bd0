"""A ban refuses before the policy is asked, ends who is in, and outlives the broker; a broken ban file refuses to start."""

from typing import Any

import pytest

from harness.judges import ALLOW
from harness.world import World


def counting_policy(world: World) -> tuple[Any, list[str]]:
    asked: list[str] = []

    def decide(request: Any) -> dict[str, Any]:
        asked.append(request.session.common_name)
        return ALLOW

    return world.policy(decide), asked


def add_ban(broker: Any, *arguments: str) -> Any:
    return broker.ctl_json("bans", "add", *arguments, "--reason", "laptop lost")["ban"]


def test_a_banned_client_is_refused_before_the_policy_is_asked(world: World) -> None:
    policy, asked = counting_policy(world)
    server = world.server()
    broker = world.broker(server, policy)
    ban = add_ban(broker, "--cn", "Alice", "--client-reason", "call the help desk")

    assert world.client(server, "alice").wait_denied() == "call the help desk"
    record = broker.wait_decision("alice", "DECISION_BANNED", outcome="WRITTEN")
    assert record.fields["detail"] == f"ban {ban['uid']}: laptop lost"
    world.client(server, "bob").wait_connected()
    assert asked == ["bob"]

    assert "banned no more" in broker.ctl("bans", "remove", ban["uid"]).stdout
    world.client(server, "alice").wait_connected()
    assert broker.wait_log("AUDIT", method="BanService.DeleteBan").fields["outcome"] == "ok"


def serial_of(broker: Any) -> str:
    return str(broker.session_of("alice").certificate_serial).upper().replace(":", "")


@pytest.mark.parametrize("kind", ["serial", "address"])
def test_serial_numbers_and_networks_of_real_clients_match(world: World, kind: str) -> None:
    policy, asked = counting_policy(world)
    server = world.server()
    broker = world.broker(server, policy)
    alice = world.client(server, "alice")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    if kind == "serial":
        arguments = ("--serial", serial_of(broker))
    else:
        address = broker.session_of("alice").real_address.rpartition(":")[0].strip("[]")
        arguments = ("--address", address)
    listed = broker.ctl_json("bans", "add", *arguments, "--reason", "x", "--kill", "--for", "1h")
    assert [result["outcome"] for result in listed["kill_results"]] == ["OUTCOME_DISCONNECTED"]
    alice.process.wait_exit()
    world.client(server, "alice").wait_denied()
    assert asked == ["alice"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_bans_outlive_the_broker(world: World, end: str) -> None:
    policy, asked = counting_policy(world)
    server = world.server()
    broker = world.broker(server, policy)
    ban = add_ban(broker, "--cn", "alice")
    getattr(broker, end)()
    broker.process.wait_exit()

    broker.start()
    broker.wait_log("BANS_LOADED", bans=1)
    broker.wait_instance("office", "RUNNING")
    world.client(server, "alice").wait_denied()
    assert asked == []
    assert [kept["uid"] for kept in broker.ctl_json("bans", "list")["bans"]] == [ban["uid"]]


def test_a_broken_ban_file_refuses_to_start(world: World) -> None:
    policy, _ = counting_policy(world)
    broker = world.broker(world.server(), policy)
    add_ban(broker, "--cn", "alice")
    assert broker.stop() == 0
    file = broker.folder / "state" / "bans"
    file.write_text(file.read_text().replace("alice", "alicf"))

    broker.start()
    refused = broker.wait_log("BROKER_NOT_STARTED")
    assert str(file) in refused.message and "line 3" in refused.message
    assert broker.process.wait_exit() != 0


def test_bans_need_no_policy(world: World) -> None:
    policy, _ = counting_policy(world)
    server = world.server()
    broker = world.broker(server, policy)
    policy.stop()
    add_ban(broker, "--cn", "alice", "--client-reason", "no")
    assert world.client(server, "alice").wait_denied() == "no"
