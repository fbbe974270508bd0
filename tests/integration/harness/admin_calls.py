"""Calls of the admin API by name, and what their errors say in detail."""

import importlib
import pkgutil
import re
from typing import Any

import grpc

from harness.broker import Broker
from harness.timing import DEFAULT_DEADLINE


def _modules(service: str) -> tuple[Any, Any]:
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", service).lower()
    package = f"ovpnbroker.admin.v1.{file}"
    return importlib.import_module(f"{package}_pb2"), importlib.import_module(f"{package}_pb2_grpc")


def call(broker: Broker, service: str, method: str, **fields: Any) -> Any:
    """The response of SERVICE.METHOD. Raises grpc.RpcError."""
    messages, services = _modules(service)
    with grpc.insecure_channel(f"unix:{broker.admin_socket}") as channel:
        stub = getattr(services, f"{service}Stub")(channel)
        request = getattr(messages, f"{method}Request")(**fields)
        return getattr(stub, method)(request, timeout=DEFAULT_DEADLINE)


def every_method() -> list[Any]:
    """The descriptors of all methods there are, those that a viewer may call first."""
    from ovpnbroker.admin import v1
    from ovpnbroker.type.v1 import options_pb2

    methods = []
    for module in pkgutil.iter_modules(v1.__path__):
        if not module.name.endswith("_service_pb2"):
            continue
        file = importlib.import_module(f"{v1.__name__}.{module.name}").DESCRIPTOR
        for service in file.services_by_name.values():
            methods += service.methods
    return sorted(
        methods, key=lambda method: method.GetOptions().Extensions[options_pb2.required_role]
    )


def outcome(
    broker: Broker, method: Any, values: dict[str, Any], deadline: float
) -> tuple[str, str]:
    """Calls `method`, a descriptor, with those of `values` that are fields of its request, and reads to the end of the
    answer or the deadline. The status's code and details."""
    request_type = method.input_type
    fields = {name: values[name] for name in request_type.fields_by_name if name in values}
    messages, services = _modules(method.containing_service.name)
    with grpc.insecure_channel(f"unix:{broker.admin_socket}") as channel:
        stub = getattr(services, f"{method.containing_service.name}Stub")(channel)
        request = getattr(messages, request_type.name)(**fields)
        try:
            answer = getattr(stub, method.name)(request, timeout=deadline)
            for _ in answer if method.server_streaming else ():
                pass
        except grpc.RpcError as error:
            return error.code().name, error.details() or ""
    return "OK", ""


def refusal(broker: Broker, service: str, method: str, **fields: Any) -> tuple[str, str]:
    """The code and the ErrorInfo's reason of a call that must fail."""
    from google.rpc import error_details_pb2, status_pb2

    try:
        response = call(broker, service, method, **fields)
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata() or ())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return error.code().name, info.reason
    raise AssertionError(f"{method} was not refused: {response}")


def state_of(instance: Any) -> str:
    return type(instance).State.Name(instance.state).removeprefix("STATE_")
