"""What was decided about a client can be told afterwards: who was asked, what was sent, what OpenVPN made of it."""

import json

from harness.judges import judge, remote
from harness.policy_server import NEVER
from harness.world import World


def test_explain_tells_the_whole_story(world: World, judge_kind: str) -> None:
    server = world.server()
    address = server.subnet.host(77)
    config = {
        "ifconfig_push": {"local": address, "remote_or_netmask": server.subnet.netmask},
        "push_options": ["auth-token hunter2"],
    }
    verdicts = {"alice": {"allow": config}, "bob": {"deny": {"reason": "not today"}}}
    broker = world.broker(server, judge(judge_kind, world, verdicts))
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    world.client(server, "bob")
    broker.wait_decision("bob")

    text = broker.ctl("explain", "--cn", "alice").stdout

    assert f"ifconfig-push {address} {server.subnet.netmask}" in text
    assert "client-auth " in text
    assert "WRITTEN: client-auth command succeeded" in text
    assert "VERIFIED" in text
    assert f"wanted {address}, got {address}" in text
    assert "hunter2" not in text and "auth-token [hidden]" in text
    uid = broker.session_of("alice").uid
    told = json.loads(broker.ctl("explain", uid, "-o", "json").stdout)
    (decision,) = told["decisions"]
    assert (decision["result"], decision["outcome"]) == ("ALLOWED", "VERIFIED")
    assert decision["attempts"][0]["result"] == "ALLOW"

    listed = json.loads(broker.ctl("decisions", "--result", "denied", "-o", "json").stdout)
    assert {each["common_name"] for each in listed["decisions"]} == {"bob"}
    assert listed["decisions"][0]["detail"] == "not today"


def test_explain_shows_attempts_without_reply(world: World) -> None:
    server = world.server()
    policy = remote(world, {})
    policy.decide = lambda _request: NEVER
    decision = {"timeout": "1s", "attempt_timeout": "500ms"}
    broker = world.broker(server, policy, decision=decision)
    world.client(server, "alice")
    broker.wait_decision("alice")

    text = broker.ctl("explain", "--cn", "alice", "--limit", "1").stdout

    assert "no reply" in text
    assert "TIMEOUT" in text
    assert "FAILURE_RULE" in text
