#!/usr/bin/python3
"""An example policy service: users and groups of an LDAP directory decide who gets in and what they reach."""

import argparse
import signal
import sys
from concurrent import futures
from pathlib import Path

import grpc

from directory import Directory
from ovpnbroker.policy.v1 import decision_pb2, handshake_pb2
from ovpnbroker.policy.v1 import policy_service_pb2, policy_service_pb2_grpc


def decide(request, directory):
    """The verdict on one client. The fields of `request` are described in proto/ovpnbroker/policy/v1/decision.proto."""
    session = request.session
    name = session.username or session.common_name
    decision = decision_pb2.Decision()
    try:
        user, groups = directory.find(name)
        decision.policy_revision = directory.revision
    except (OSError, ValueError) as error:
        # Not a deny: the broker asks another replica, or tells the client to come back.
        decision.failure.status.message = f"the directory cannot be read: {error}"
        return decision
    if user is None or not groups:
        decision.deny.reason = f"{name!r} is in no group"
    elif "closedreason" in user:
        decision.deny.reason = user["closedreason"][0]
        decision.deny.client_reason = "Your account is closed. Call the help desk."
        decision.deny.code = "ACCOUNT_CLOSED"
    else:
        allow_as(decision.allow, user, groups)
        decision.audit_annotations["groups"] = ",".join(group["cn"][0] for group in groups)
    print(f"{name!r} from {session.real_address}: {decision.WhichOneof('verdict')}", flush=True)
    return decision


def allow_as(allow, user, groups):
    """What the user's own entry and all groups grant together."""
    allow.config.SetInParent()
    if "vpnaddress" in user:
        allow.config.ifconfig_push.local = user["vpnaddress"][0]
        allow.config.ifconfig_push.remote_or_netmask = "255.255.255.0"
    for group in groups:
        for route in group.get("vpnroute", []):
            allow.config.routes.add(destination=route)
        allow.config.dns.extend(group.get("vpndns", []))
    limits = [int(limit) for group in groups for limit in group.get("vpnmaxsessions", [])]
    if limits:
        allow.limits.max_sessions = max(limits)


class Policy(policy_service_pb2_grpc.PolicyServiceServicer):
    """Keeps the rules of the stream, so that decide() need not know them."""

    def __init__(self, directory):
        self._directory = directory

    def StreamDecisions(self, messages, context):
        for message in messages:  # ends when the broker closes its side, after it said `drain`
            answer = policy_service_pb2.StreamDecisionsResponse()
            if message.HasField("hello"):
                answer.hello_ack.policy_id = "python-example"
                answer.hello_ack.policy_revision = self._directory.revision
                # decide() only looks, so it may be asked for nothing: by a replay, as a shadow.
                if handshake_pb2.CAPABILITY_DRY_RUN in message.hello.capabilities:
                    answer.hello_ack.capabilities.append(handshake_pb2.CAPABILITY_DRY_RUN)
            elif message.HasField("decision_request"):
                answer.decision.CopyFrom(decide(message.decision_request, self._directory))
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
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(__file__).with_name("directory.ldif"),
        help="LDIF file of users and groups",
    )
    parser.add_argument("--tls-cert", type=Path, help="PEM: our certificate; with it TLS is on")
    parser.add_argument("--tls-key", type=Path, help="PEM: its key")
    parser.add_argument(
        "--tls-client-ca", type=Path, help="PEM: the CA of the brokers that may ask"
    )
    arguments = parser.parse_args()
    tls = [arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca]
    if any(tls) and not all(tls):
        parser.error("--tls-cert, --tls-key and --tls-client-ca go together")
    try:
        directory = Directory(arguments.directory)
    except (OSError, ValueError) as error:
        sys.exit(f"{arguments.directory}: {error}")
    listen = arguments.listen
    # Each broker stream holds one thread for as long as it lives.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    policy_service_pb2_grpc.add_PolicyServiceServicer_to_server(Policy(directory), server)
    if all(tls):
        cert, key, client_ca = (path.read_bytes() for path in tls)
        credentials = grpc.ssl_server_credentials(
            [(key, cert)], root_certificates=client_ca, require_client_auth=True
        )
        port = server.add_secure_port(listen, credentials)
    else:
        port = server.add_insecure_port(listen)
    server.start()
    if not listen.startswith("unix:"):  # port 0 takes a free one
        listen = f"{listen.rpartition(':')[0]}:{port}"
    print(f"policy listens on {listen}", flush=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop(grace=0.5))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
