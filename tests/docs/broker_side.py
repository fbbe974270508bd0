"""The broker's end of one stream, for what ovpn-policy-check does not play: dialogues, events, commands, a drain."""

import queue
from typing import Any

import grpc
from ovpnbroker.policy.v1 import handshake_pb2, policy_service_pb2, policy_service_pb2_grpc

STREAM_SECONDS = 60
EPOCH = "run-1"


class BrokerSide:
    """Greets in the constructor; `ack` is the policy's answer."""

    def __init__(self, address: str, offered: list[str]):
        self.channel = grpc.insecure_channel(address)
        self.outgoing: queue.Queue[Any] = queue.Queue()  # None closes our side
        stub = policy_service_pb2_grpc.PolicyServiceStub(self.channel)
        self.answers = stub.StreamDecisions(
            iter(self.outgoing.get, None), timeout=STREAM_SECONDS, wait_for_ready=True
        )
        capabilities = [handshake_pb2.Capability.Value(f"CAPABILITY_{name}") for name in offered]
        self.send(hello={"broker_epoch": EPOCH, "capabilities": capabilities, "max_in_flight": 8})
        self.ack = self.next("hello_ack")

    def __enter__(self) -> "BrokerSide":
        return self

    def __exit__(self, *_: object) -> None:
        self.outgoing.put(None)
        self.answers.cancel()
        self.channel.close()

    def send(self, **message: Any) -> None:
        self.outgoing.put(policy_service_pb2.StreamDecisionsRequest(**message))

    def next(self, arm: str) -> Any:
        """The next message, which must be this one."""
        message = next(self.answers)
        assert message.WhichOneof("message") == arm, message
        return getattr(message, arm)

    def ask(self, decision_id: str, username: str, **more: Any) -> None:
        question = {"decision_id": decision_id, "attempt": 1, "kind": "KIND_CONNECT", **more}
        self.send(decision_request={**question, "session": {"username": username}})

    def verdict(self, decision_id: str) -> Any:
        decision = self.next("decision")
        assert decision.decision_id == decision_id
        return decision

    def event(self, kind: str, sequence: int | None = None, **session: Any) -> None:
        event: dict[str, Any] = {"kind": f"KIND_{kind}"}
        if sequence is not None:
            event["cursor"] = {"broker_epoch": EPOCH, "sequence": sequence}
        if session:
            event["session"] = session
        self.send(session_event=event)

    def ended_well(self) -> bool:
        """After our side was closed: the policy says no more and ends with OK."""
        self.outgoing.put(None)
        return next(self.answers, None) is None and self.answers.code() == grpc.StatusCode.OK
