"""A policy service that does what the test tells it: answers, waits, lies, dies, comes back.

`decide` is called with each DecisionRequest and returns what to send for it:
  a dict                  the Decision in JSON form, without its id:  {"deny": {"reason": "..."}}
  NEVER                   no answer; the test may send one with answer()
  Later(seconds, answer)  the answer, after some time
  a list of these         several answers to one request
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format

from harness.events import EventLog
from harness.pki import Certificate

NEVER = object()


@dataclass(frozen=True)
class Later:
    seconds: float
    answer: Any


class ScriptedPolicy:
    """Listens between start() and stop(); `tls` is its certificate and the authority of its clients'.

    Everything that the broker said is kept.
    """

    def __init__(
        self,
        address: str,
        decide: Callable[[Any], Any],
        *,
        tls: tuple[Certificate, Path] | None = None,
    ):
        from ovpnbroker.policy.v1 import policy_service_pb2 as messages

        self._messages = messages
        self.address = address
        self._tls = tls
        self.decide = decide
        self.requests: EventLog[Any] = EventLog("policy: decision requests")
        self.outcomes: EventLog[Any] = EventLog("policy: outcomes")
        self.cancellations: EventLog[Any] = EventLog("policy: cancellations")
        self.rejections: EventLog[Any] = EventLog("policy: rejected messages")
        self.session_events: EventLog[Any] = EventLog("policy: session events")
        self.command_results: EventLog[Any] = EventLog("policy: command results")
        # Outcomes and session events in the order of their arrival, by their messages' names.
        self.told: EventLog[Any] = EventLog("policy: outcomes and session events")
        self.hellos: EventLog[Any] = EventLog("policy: greetings")
        self.hello_ack: dict[str, Any] = {
            "policy_id": "scripted",
            "policy_revision": "test",
            "environment_names": ["*"],
        }
        self._server: grpc.Server | None = None
        self._current: queue.SimpleQueue[Any] | None = None  # the newest stream
        self._streams: dict[str, queue.SimpleQueue[Any]] = {}  # by decision id

    def start(self) -> "ScriptedPolicy":
        from ovpnbroker.policy.v1 import policy_service_pb2_grpc as services

        # One thread for each stream; a broker opens one to each replica.
        self._server = grpc.server(ThreadPoolExecutor(8, thread_name_prefix="policy"))
        services.add_PolicyServiceServicer_to_server(self, self._server)
        port = self._listen(self._server)
        assert port, f"cannot listen on {self.address}"
        if self._tls is not None:
            self.address = f"{self.address.rpartition(':')[0]}:{port}"
        self._server.start()
        return self

    def _listen(self, server: grpc.Server) -> int:
        if self._tls is None:
            return int(server.add_insecure_port(self.address))
        own, authority = self._tls
        credentials = grpc.ssl_server_credentials(
            [(own.key.read_bytes(), own.certificate.read_bytes())],
            root_certificates=authority.read_bytes(),
            require_client_auth=True,
        )
        return int(server.add_secure_port(self.address, credentials))

    def stop(self, grace: float | None = None) -> None:
        """Cuts every stream at once, as a crash would."""
        if self._server is not None:
            self._server.stop(grace).wait()
            self._server = None

    # The name is the RPC's.
    def StreamDecisions(self, requests: Any, context: grpc.ServicerContext) -> Any:
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        done = object()

        def read() -> None:
            try:
                for request in requests:
                    self._take(request, answers)
            except grpc.RpcError:
                pass
            answers.put(done)

        context.add_callback(lambda: answers.put(done))
        threading.Thread(target=read, daemon=True).start()
        while (answer := answers.get()) is not done:
            yield answer

    def _take(self, request: Any, answers: "queue.SimpleQueue[Any]") -> None:
        kind = request.WhichOneof("message")
        if kind == "hello":
            self._current = answers
            self.hellos.append(request.hello)
            answers.put(self._message({"hello_ack": self.hello_ack}))
        elif kind == "decision_request":
            self.requests.append(request.decision_request)
            decision_id = request.decision_request.decision_id
            self._streams[decision_id] = answers
            self.answer(decision_id, self.decide(request.decision_request))
        elif kind == "decision_outcome":
            self.told.append(request.decision_outcome)
            self.outcomes.append(request.decision_outcome)
        elif kind == "session_event":
            self.told.append(request.session_event)
            self.session_events.append(request.session_event)
        elif kind == "message_rejection":
            self.rejections.append(request.message_rejection)
        elif kind == "command_result":
            self.command_results.append(request.command_result)
        elif kind == "decision_cancellation":
            self.cancellations.append(request.decision_cancellation)
        elif kind == "heartbeat":
            answers.put(self._message({"heartbeat": {"sequence": request.heartbeat.sequence}}))

    def answer(self, decision_id: str, answer: Any) -> None:
        """Sends an answer on the stream that the request came on."""
        if answer is NEVER:
            return
        if isinstance(answer, list):
            for each in answer:
                self.answer(decision_id, each)
        elif isinstance(answer, Later):
            late = threading.Timer(answer.seconds, self.answer, (decision_id, answer.answer))
            late.daemon = True
            late.start()
        else:
            message = self._message({"decision": {"decision_id": decision_id} | answer})
            self._streams[decision_id].put(message)

    def send(self, content: dict[str, Any]) -> None:
        """Sends a message in JSON form, unasked, on the newest stream."""
        assert self._current is not None, "no broker has greeted"
        self._current.put(self._message(content))

    def event(self, kind: str, common_name: str = "", **kwargs: Any) -> Any:
        """Waits for a session event of this kind, of this client where one is named."""

        def matches(event: Any) -> bool:
            name = type(event).Kind.Name(event.kind)
            return name == f"KIND_{kind}" and common_name in ("", event.session.common_name)

        return self.session_events.wait(matches, f"event {kind} {common_name}", **kwargs)

    def result_of(self, command_id: str, **kwargs: Any) -> Any:
        """Waits for the result of a command."""
        return self.command_results.wait(
            lambda result: result.command_id == command_id, f"result of {command_id}", **kwargs
        )

    def _message(self, content: dict[str, Any]) -> Any:
        return json_format.ParseDict(content, self._messages.StreamDecisionsResponse())

    def request_for(self, common_name: str, *, after: int = 0, **kwargs: Any) -> Any:
        """Waits until the broker has asked about this client."""
        return self.requests.wait(
            lambda request: request.session.common_name == common_name,
            f"a question about {common_name}",
            after=after,
            **kwargs,
        )

    def outcome_of(self, decision_id: str, result: str, **kwargs: Any) -> Any:
        """Waits until the broker has told this result of the decision."""
        wanted = f"RESULT_{result}"

        def matches(outcome: Any) -> bool:
            name = type(outcome).Result.Name(outcome.result)
            return outcome.decision_id == decision_id and name == wanted

        return self.outcomes.wait(matches, f"outcome {result}", **kwargs)
