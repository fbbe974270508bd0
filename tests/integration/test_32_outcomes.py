"""What became of a verdict is told to whom gave it: an allow that OpenVPN did not carry out as asked is MISMATCHED."""

from typing import Any

from harness.world import World


def test_addresses_that_openvpn_did_not_take_are_a_mismatch(world: World) -> None:
    # OpenVPN asks this script about each address, and here it takes none.
    server = world.server(extra=["script-security 2", "learn-address /bin/false"])
    wanted = {"ifconfig_push": {"local": "10.8.0.77", "remote_or_netmask": "255.255.255.0"}}

    def decide(_request: Any) -> dict[str, Any]:
        return {"allow": {"config": wanted}}

    policy = world.policy(decide)
    policy.hello_ack |= {"capabilities": ["CAPABILITY_SESSION_EVENTS"]}
    world.broker(server, policy, address_mismatch="tolerate")
    world.client(server, "alice").wait_connected()

    decision_id = policy.request_for("alice").decision_id
    outcome = policy.outcome_of(decision_id, "MISMATCHED")
    assert "10.8.0.77" in outcome.status.message
    policy.event("ESTABLISHED", "alice")
    told = policy.told.all()
    assert told.index(outcome) < [hasattr(each, "kind") and each.kind == 3 for each in told].index(
        True
    )
