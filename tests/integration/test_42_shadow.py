"""Shadow policies see what the policy sees, are compared field by field, and never delay or change anything."""

import json
from typing import Any

from harness.judges import judge
from harness.policy_server import NEVER
from harness.world import World


def shadowed(world: World, servers: Any, verdicts: dict[str, Any], policy: dict[str, Any]) -> Any:
    broker = world.broker(servers, judge("rules", world, verdicts), start=False, shadows=["next"])
    broker.config_values["policies"].append({"name": "next"} | policy)
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    return broker


def shadow(broker: Any) -> dict[str, Any]:
    (summary,) = json.loads(broker.ctl("shadow", "-o", "json").stdout)["shadows"]
    return summary


def test_rules_shadow_differs_and_the_enforcing_verdict_counts(world: World) -> None:
    server = world.server()
    address = server.subnet.host(77)
    config = {"ifconfig_push": {"local": address, "remote_or_netmask": server.subnet.netmask}}
    candidate = world.rules_file([{"name": "none", "deny": {"reason": "closed"}}], "next.yaml")
    broker = shadowed(
        world, server, {"alice": {"allow": config}}, {"rules": {"file": str(candidate)}}
    )

    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", "DECISION_ALLOWED", outcome="VERIFIED")

    assert shadow(broker)["differed_count"] == "1"
    text = broker.ctl("shadow", "differences", "--policy", "next").stdout
    assert "- judge: ALLOW" in text and "+ next: DENY" in text
    assert f"- judge: {address}" in text
    assert "+ next: closed" in text
    assert "next" in broker.ctl("shadow").stdout


def test_remote_shadow_is_told_its_mode_and_sees_no_password(world: World) -> None:
    server = world.server()
    candidate = world.policy(lambda _request: {"allow": {}})
    candidate.hello_ack["capabilities"] = ["CAPABILITY_PASSWORD"]
    remote = {"addresses": [candidate.address], "grant_password": True}
    broker = shadowed(world, server, {"alice": {"allow": {}}}, {"remote": remote})
    candidate.hellos.wait(lambda hello: True, "a greeting")

    world.client(server, "alice", username=b"alice", password=b"hunter2").wait_connected()
    request = candidate.request_for("alice")
    broker.wait_decision("alice", outcome="VERIFIED")

    (hello,) = candidate.hellos.all()
    assert hello.mode == 2  # MODE_SHADOW
    assert not request.HasField("credentials")
    assert b"hunter2" not in request.SerializeToString()
    assert shadow(broker)["agreed_count"] == "1"


def test_silent_shadow_delays_nobody(world: World) -> None:
    server = world.server()
    candidate = world.policy(lambda _request: NEVER)
    broker = shadowed(
        world, server, {"alice": {"allow": {}}}, {"remote": {"addresses": [candidate.address]}}
    )
    candidate.hellos.wait(lambda hello: True, "a greeting")

    world.client(server, "alice").wait_connected()
    record = broker.wait_decision("alice", outcome="VERIFIED")

    candidate.request_for("alice")
    assert float(record.fields["latency_ms"]) < 500
    assert shadow(broker)["agreed_count"] == "0"
