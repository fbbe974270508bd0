"""Calls of the admin API by name, and what their errors say in detail."""

import importlib
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
