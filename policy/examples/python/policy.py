#!/usr/bin/python3
"""An example policy service: alice gets in with an address, a route and a name server; bob is told why not."""

import argparse
import signal
from concurrent import futures

import grpc

from ovpnbroker.policy.v1 import decision_pb2, policy_service_pb2, policy_service_pb2_grpc


def decide(request):
    """The verdict on one client. The fields of `request` are described in proto/ovpnbroker/policy/v1/decision.proto."""
    session = request.session
    name = session.username or session.common_name
    decision = decision_pb2.Decision()
    if name == "alice":
        config = decision.allow.config
        config.ifconfig_push.local = "10.8.0.20"
        config.ifconfig_push.remote_or_netmask = "255.255.255.0"
        config.routes.add(destination="192.168.0.0/16")
        config.dns.append("10.8.0.1")
    elif name == "bob":
        decision.deny.reason = "bob left the company"
        decision.deny.client_reason = "Your account is closed. Call the help desk."
        decision.deny.code = "ACCOUNT_CLOSED"
    else:
        decision.deny.reason = f"{name!r} is not on the list"
    print(f"{name!r} from {session.real_address}: {decision.WhichOneof('verdict')}", flush=True)
    return decision


class Policy(policy_service_pb2_grpc.PolicyServiceServicer):
    """Keeps the rules of the stream, so that decide() need not know them."""

    def StreamDecisions(self, messages, context):
        for message in messages:  # ends when the broker closes its side, after it said `drain`
            answer = policy_service_pb2.StreamDecisionsResponse()
            if message.HasField("hello"):
                answer.hello_ack.policy_id = "python-example"
                answer.hello_ack.policy_revision = "1"
            elif message.HasField("decision_request"):
                answer.decision.CopyFrom(decide(message.decision_request))
                answer.decision.decision_id = message.decision_request.decision_id
            elif message.HasField("heartbeat"):
                answer.heartbeat.CopyFrom(message.heartbeat)
            else:
                continue  # outcomes and cancellations; and whatever a later version adds
            yield answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--listen", default="unix:/tmp/ovpn-policy.sock", help="unix:/path or 127.0.0.1:port"
    )
    listen = parser.parse_args().listen
    # Each broker stream holds one thread for as long as it lives.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    policy_service_pb2_grpc.add_PolicyServiceServicer_to_server(Policy(), server)
    server.add_insecure_port(listen)
    server.start()
    print(f"policy listens on {listen}", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(grace=0.5))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
