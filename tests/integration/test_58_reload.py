"""A reload takes over policies, pools and instances under a session that stays up; what it cannot, it refuses as a whole."""

import signal
import subprocess
from typing import Any

import grpc
import pytest

from harness.admin_calls import call, refusal, state_of
from harness.broker import build_directory
from harness.judges import allow_all
from harness.openvpn_client import RESTARTING
from harness.pools import (
    address_of,
    broker_with_pool,
    from_pool,
    named,
    pool,
    restart_without_clients,
)
from harness.world import World


# By common name, of the server that asks.
VERDICTS = {
    "early": lambda server: named(server, 100),
    "alice": from_pool,
    "bob": from_pool,
}


def reload_config(broker: Any, validate_only: bool = False) -> Any:
    return call(broker, "BrokerService", "ReloadConfig", validate_only=validate_only)


def effects(response: Any) -> dict[str, str]:
    return {
        change.path: type(change).Effect.Name(change.effect).removeprefix("EFFECT_")
        for change in response.changes
    }


def test_policy_and_pool_change_under_a_session(world: World) -> None:
    server = world.server(proto="tcp")
    broker = broker_with_pool(world, server, from_pool)
    alice = world.client(server, "alice")
    address = address_of(alice)
    broker.wait_decision("alice", outcome="VERIFIED")
    child = broker.instance("office").pid

    second = world.policy(from_pool)
    broker.config_values["policies"][0]["remote"]["addresses"] = [second.address]
    broker.config_values["address_pools"][0]["ipv4"] |= {
        "first": server.subnet.host(150),
        "last": server.subnet.host(160),
    }
    broker.write_config()
    planned = reload_config(broker, validate_only=True)
    assert not planned.applied
    assert effects(planned) == {
        "policies[judge].remote.addresses": "LIVE",
        "address_pools[staff].ipv4.first": "LIVE",
        "address_pools[staff].ipv4.last": "LIVE",
    }
    assert not second.hellos.all()

    done = reload_config(broker)
    assert done.applied
    assert effects(done) == effects(planned)
    broker.wait_log("POLICY_REPLACED", policy="judge", ready="yes")
    bob = world.client(server, "bob")
    assert address_of(bob) == server.subnet.host(150)
    assert second.request_for("bob")
    session = broker.session_of("alice")
    assert list(session.virtual_addresses) == [address]
    assert broker.instance("office").pid == child
    assert not [event for event in alice.events.all() if event.kind == RESTARTING]
    in_force = call(broker, "BrokerService", "GetConfig").config
    assert list(in_force.policies[0].remote.addresses) == [second.address]


def test_a_pool_that_changes_goes_on_counting(world: World) -> None:
    server = world.server()
    broker = broker_with_pool(world, server, from_pool)
    address_of(world.client(server, "alice"))
    broker.config_values["address_pools"][0]["ipv4"]["last"] = server.subnet.host(120)
    broker.write_config()
    assert reload_config(broker).applied
    (pool,) = call(broker, "AddressPoolService", "ListAddressPools").pools
    assert (pool.ipv4_size, pool.lease_count, pool.given_count) == (21, 1, 1)


def test_first_pool_comes_by_a_reload_and_its_leases_outlive_the_broker(world: World) -> None:
    server = world.server()
    judge = world.policy(lambda request: VERDICTS[request.session.common_name](server))
    broker = world.broker(server, judge)
    # Somebody is in already, with an address that will be the pool's.
    assert address_of(world.client(server, "early")) == server.subnet.host(100)
    broker.wait_decision("early", outcome="VERIFIED")
    broker.config_values["address_pools"] = [pool(server)]
    broker.write_config()
    done = reload_config(broker)
    assert done.applied
    assert effects(done) == {"address_pools[staff]": "LIVE"}

    assert address_of(world.client(server, "alice")) == server.subnet.host(101)
    assert address_of(world.client(server, "bob")) == server.subnet.host(102)
    restart_without_clients(world, broker, leases=2)
    assert address_of(world.client(server, "bob")) == server.subnet.host(102)

    # The last one goes, and may come again.
    for pools in ([], [pool(server)]):
        broker.config_values["address_pools"] = pools
        broker.write_config()
        assert reload_config(broker).applied
        shown = call(broker, "AddressPoolService", "ListAddressPools").pools
        assert len(shown) == len(pools)


def test_first_pool_whose_leases_cannot_be_read_refuses_everything(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(from_pool))
    leases = broker.folder / "state" / "address-leases"
    leases.mkdir(parents=True)
    broker.config_values["address_pools"] = [pool(server)]
    broker.write_config()

    told = broker.ctl("reload", check=False)
    assert told.returncode == 1
    assert str(leases) in told.stderr
    assert not call(broker, "BrokerService", "GetConfig").config.address_pools
    leases.rmdir()
    assert reload_config(broker).applied
    address_of(world.client(server, "alice"))


def test_what_needs_a_restart_refuses_everything(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    broker.config_values["instances"][0]["arguments"] = ["--verb", "4"]
    broker.config_values["instances"][0]["decision"] = {"timeout": "7s"}
    broker.config_values["admin"] = {"mode": "0600"}
    broker.write_config()

    planned = reload_config(broker, validate_only=True)
    assert effects(planned) == {
        "admin.mode": "BROKER_RESTART",
        "instances[office].arguments": "INSTANCE_STOP",
        "instances[office].decision.timeout": "LIVE",
    }
    assert refusal(broker, "BrokerService", "ReloadConfig") == (
        "FAILED_PRECONDITION",
        "RELOAD_NEEDS_RESTART",
    )
    by_hand = broker.ctl("reload", check=False)
    assert by_hand.returncode == 1
    lines = by_hand.stderr.splitlines()
    assert lines[0] == "ovpn-brokerctl: nothing was changed:"
    assert [line.strip().partition(":")[0] for line in lines[1:]] == sorted(
        path for path, effect in effects(planned).items() if effect != "LIVE"
    )
    assert broker.ctl("reload", "--dry-run", "-o", "json", check=False).returncode == 1
    broker.signal(signal.SIGHUP)
    told = str(broker.wait_log("CONFIG_NOT_RELOADED").fields["errors"])
    assert "admin.mode: changes only when the broker is started again" in told
    assert "instance office runs with the old value" in told
    before = call(broker, "BrokerService", "GetConfig").config
    assert before.instances[0].decision.timeout.seconds == 5

    # The instance's own change is taken over once it is stopped.
    del broker.config_values["admin"]
    broker.write_config()
    assert refusal(broker, "BrokerService", "ReloadConfig")[1] == "RELOAD_NEEDS_RESTART"
    call(broker, "InstanceService", "StopInstance", name="office")
    assert reload_config(broker).applied
    started = call(broker, "InstanceService", "StartInstance", name="office").instance
    assert state_of(started) == "RUNNING"
    assert list(call(broker, "BrokerService", "GetConfig").config.instances[0].arguments) == [
        "--verb",
        "4",
    ]
    world.client(server, "alice").wait_connected()


def test_configuration_in_force_is_a_file_that_the_daemon_accepts(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    shown = world.folder / "effective.yaml"
    shown.write_text(broker.ctl("config", "show", "-o", "yaml").stdout)
    daemon = str(build_directory() / "server" / "ovpn-brokerd")
    subprocess.run([daemon, "--config", str(shown), "--check-config"], check=True)
    # And it is the same configuration.
    broker.config.write_text(shown.read_text())
    assert not reload_config(broker, validate_only=True).changes


def test_instances_come_and_go(world: World) -> None:
    office, home = world.server(), world.server("home")
    broker = world.broker(office, world.policy(allow_all))
    first = broker.config_values["instances"][0]
    broker.config_values["instances"] = [
        first,
        first | {"name": "home", "config": str(home.path)},
    ]
    broker.write_config()
    assert reload_config(broker).applied
    broker.wait_instance("home", "RUNNING")
    world.client(home, "alice").wait_connected()

    broker.config_values["instances"] = [first]
    broker.write_config()
    assert refusal(broker, "BrokerService", "ReloadConfig")[1] == "RELOAD_NEEDS_RESTART"
    call(broker, "InstanceService", "StopInstance", name="home")
    assert reload_config(broker).applied
    with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
        broker.instance("home")
    world.client(office, "bob").wait_connected()


def test_openvpn_file_that_changed_is_named_until_its_instance_restarts(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    assert not reload_config(broker).warnings
    with server.path.open("a") as file:
        file.write("# another line\n")
    (warning,) = reload_config(broker).warnings
    assert warning.startswith(
        f"{server.path}: warning: instances[office].config: was written after"
    )
    assert "ovpn-brokerctl instances restart office" in warning
    broker.wait_log("CONFIG_WARNING")
    assert warning in broker.ctl("reload", "--dry-run").stderr

    broker.ctl("instances", "restart", "office")
    assert not reload_config(broker).warnings


def test_errors_change_nothing_and_name_their_place(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    broker.config_values["instances"][0]["decision"] = {"timeout": "7 years"}
    broker.write_config()
    assert refusal(broker, "BrokerService", "ReloadConfig") == (
        "INVALID_ARGUMENT",
        "CONFIG_INVALID",
    )


def test_policies_tell_latency_and_a_replica_is_drained_and_resumed(world: World) -> None:
    server = world.server()
    policies = [world.policy(allow_all), world.policy(allow_all)]
    broker = world.broker(
        server, policies[0], remote={"addresses": [policy.address for policy in policies]}
    )
    world.client(server, "alice").wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    service = "PolicyAdminService"
    latency = call(broker, service, "GetPolicy", name="judge").policy.latency
    assert latency.count == 1
    assert 0 < latency.p50.ToNanoseconds() <= latency.max.ToNanoseconds()

    def drain(address: str, **fields: Any) -> dict[str, Any]:
        return {"policy": "judge", "address": address} | fields

    first, second = (policy.address for policy in policies)
    call(broker, service, "DrainPolicyReplica", **drain(first))
    assert refusal(broker, service, "DrainPolicyReplica", **drain(second))[1] == "LAST_REPLICA"
    assert refusal(broker, service, "DrainPolicyReplica", **drain("unix:/no"))[1] == (
        "REPLICA_NOT_FOUND"
    )
    seen = policies[0].requests.position()
    world.client(server, "bob").wait_connected()
    assert policies[1].request_for("bob")
    assert not [r for r in policies[0].requests.all()[seen:] if r.session.common_name == "bob"]
    call(broker, service, "ResumePolicyReplica", **drain(first))
    assert refusal(broker, service, "ResumePolicyReplica", **drain(first))[1] == (
        "REPLICA_NOT_DRAINED"
    )
