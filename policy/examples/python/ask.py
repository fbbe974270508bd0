#!/usr/bin/python3
"""Asks a policy what it would say, as the broker does: greets it, asks for each name, checks each answer, leaves in good order."""

import argparse
import queue
import sys
import uuid

import grpc
from google.protobuf import text_format

from ovpnbroker.policy.v1 import decision_pb2, policy_service_pb2, policy_service_pb2_grpc

TIMEOUT_SECONDS = 5


def fail(why):
    sys.exit(f"the policy breaks the contract: {why}")


def request_for(name):
    message = policy_service_pb2.StreamDecisionsRequest()
    request = message.decision_request
    request.decision_id = str(uuid.uuid4())
    request.attempt = 1
    request.kind = decision_pb2.DecisionRequest.KIND_CONNECT
    request.session.username = request.session.common_name = name
    request.session.real_address = "192.0.2.7:50123"
    request.session.platform = "linux"
    request.environment["username"] = name.encode()
    request.timeout.seconds = TIMEOUT_SECONDS
    return message


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--connect", default="unix:/tmp/ovpn-policy.sock", help="unix:/path or 127.0.0.1:port"
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help="user name to ask for")
    arguments = parser.parse_args()

    outgoing = queue.Queue()  # None ends our side
    stub = policy_service_pb2_grpc.PolicyServiceStub(grpc.insecure_channel(arguments.connect))
    answers = stub.StreamDecisions(iter(outgoing.get, None), timeout=TIMEOUT_SECONDS)
    try:
        hello = policy_service_pb2.StreamDecisionsRequest()
        hello.hello.broker_id = "ask.py"
        hello.hello.max_in_flight = 1
        outgoing.put(hello)
        first = next(answers, None)
        if first is None or not first.HasField("hello_ack"):
            fail("the first message is not hello_ack")
        for name in arguments.names:
            message = request_for(name)
            outgoing.put(message)
            answer = next(answers, None)
            if answer is None or not answer.HasField("decision"):
                fail("a decision_request was not answered with a decision")
            decision = answer.decision
            if decision.decision_id != message.decision_request.decision_id:
                fail("the decision has another id than its request")
            verdict = decision.WhichOneof("verdict")
            if verdict is None:
                fail("the decision has no verdict")
            body = text_format.MessageToString(getattr(decision, verdict), as_one_line=True)
            print(f"{name}: {verdict} {{ {body} }}")
        outgoing.put(policy_service_pb2.StreamDecisionsRequest(heartbeat={"sequence": 1}))
        answer = next(answers, None)
        if answer is None or answer.heartbeat.sequence != 1:
            fail("the heartbeat was not echoed")
        outgoing.put(None)
        if next(answers, None) is not None:
            fail("it talks on after the broker closed its side")
    except grpc.RpcError as error:
        fail(f"the stream ended with {error.code().name}: {error.details()}")
    print("the policy keeps the contract")


if __name__ == "__main__":
    main()
