"""Operators stop, start and restart instances; what a state does not allow is refused before anything happens."""

from typing import Any

from harness.admin_calls import call, refusal, state_of
from harness.judges import allow_all
from harness.world import World


def instances(broker: Any, method: str, **fields: Any) -> Any:
    return call(broker, "InstanceService", method, name="office", **fields).instance


def test_stop_and_start_answer_when_it_is_done(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    first = broker.instance("office").pid

    stopped = instances(broker, "StopInstance", reason="new certificate")
    assert (state_of(stopped), stopped.pid) == ("STOPPED", 0)
    broker.wait_log("AUDIT", method="InstanceService.StopInstance", reason="new certificate")
    assert refusal(broker, "InstanceService", "StopInstance", name="office") == (
        "FAILED_PRECONDITION",
        "INSTANCE_STATE",
    )
    assert refusal(broker, "InstanceService", "AttachInstance", name="office") == (
        "FAILED_PRECONDITION",
        "NOTHING_TO_ATTACH",
    )

    started = instances(broker, "StartInstance")
    assert state_of(started) == "RUNNING"
    assert started.pid not in (0, first)
    world.client(server, "alice").wait_connected()


def test_restart_makes_a_new_process_and_soft_restart_does_not(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    first = broker.instance("office")

    soft = instances(broker, "SoftRestartInstance")
    assert (state_of(soft), soft.pid) == ("RUNNING", first.pid)
    assert soft.epoch > first.epoch

    hard = instances(broker, "RestartInstance")
    assert state_of(hard) == "RUNNING"
    assert hard.pid != first.pid
    world.client(server, "alice").wait_connected()


def test_a_watcher_sees_each_state(world: World) -> None:
    import grpc
    from ovpnbroker.admin.v1 import instance_service_pb2 as messages
    from ovpnbroker.admin.v1 import instance_service_pb2_grpc as services

    broker = world.broker(world.server(), world.policy(allow_all))
    with grpc.insecure_channel(f"unix:{broker.admin_socket}") as channel:
        watch = services.InstanceServiceStub(channel).WatchInstances(
            messages.WatchInstancesRequest(), timeout=60
        )
        assert state_of(next(watch).instance) == "RUNNING"
        assert next(watch).kind == messages.WatchInstancesResponse.KIND_CURRENT_COMPLETE
        instances(broker, "RestartInstance")
        seen = []
        while not seen or seen[-1] != "RUNNING":
            seen.append(state_of(next(watch).instance))
    assert seen == ["STOPPING", "STOPPED", "STARTING", "HOLDING", "RUNNING"]


def test_unknown_instances_and_durations_are_refused(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    service = "InstanceService"
    assert refusal(broker, service, "StopInstance", name="no")[1] == "INSTANCE_NOT_FOUND"
    assert refusal(broker, service, "StopInstance")[1] == "NAME_MISSING"
    from google.protobuf.duration_pb2 import Duration

    endless = Duration(seconds=10**9)
    wrong = refusal(broker, service, "StopInstance", name="office", wait=endless)
    assert wrong == ("INVALID_ARGUMENT", "DURATION_INVALID")
    assert refusal(broker, service, "StartInstance", name="office")[1] == "INSTANCE_STATE"
    assert state_of(broker.instance("office")) == "RUNNING"
