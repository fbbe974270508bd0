"""Clients that send what is allowed and seldom seen."""

import base64
import socket

from harness.judges import allow_all
from harness.world import World


def test_username_that_is_not_utf8_reaches_the_policy_as_bytes(world: World) -> None:
    server = world.server(passwords=True)
    policy = world.policy(allow_all)
    broker = world.broker(server, policy)
    world.client(server, "alice", username=b"caf\xe9", password=b"\xffpass").wait_connected()

    question = policy.request_for("alice")
    assert question.environment["username"] == b"caf\xe9"
    assert question.session.username == "caf\ufffd"
    assert "password" not in question.environment
    broker.wait_decision("alice", outcome="VERIFIED")
    assert broker.session_of("alice").username == "caf\ufffd"


def test_environment_of_unusual_size(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    world.broker(server, policy)
    units = [f"{number:02}-" + "u" * 60 for number in range(60)]
    certificate = world.pki.client("alice", units=units)
    variables = [f"setenv UV_{number:02} {'v' * 90}" for number in range(12)]
    world.client(
        server, "alice", certificate=certificate, extra=["push-peer-info", *variables]
    ).wait_connected()

    environment = policy.request_for("alice").environment
    assert environment["X509_0_OU"] == units[0].encode()
    assert environment["X509_0_OU_59"] == units[59].encode()
    assert environment["UV_00"] == b"v" * 90


def test_challenge_response_that_nobody_asked_for_is_ignored(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    broker = world.broker(server, policy)
    management = world.folder / "client-management"
    alice = world.client(server, "alice", extra=[f"management {management} unix"])
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    log_seen = broker.events.position()

    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(management))
        answer = base64.b64encode(b"4711").decode()
        control.sendall(f"cr-response {answer}\n".encode())
        broker.wait_log("CHALLENGE_RESPONSE_IGNORED", after=log_seen)

    assert broker.session_of("alice")
    assert len(policy.requests.all()) == 1
