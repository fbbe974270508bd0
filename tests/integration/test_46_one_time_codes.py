"""The Go example asks real clients for one-time codes: inside the open decision, inside a deny, or not at all."""

import base64
import hashlib
import hmac
import time

from harness.client_management import CHALLENGE, PASSWORD_REFUSED, PASSWORD_WANTED
from harness.example_policy import ExamplePolicy, skip_without
from harness.world import World

KEY = b"alice's key of 20 b."
WRONG = "The code is not right. Wait for the next one."


def code_now() -> str:
    """RFC 6238, by another hand than the example's."""
    digest = hmac.digest(KEY, (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def otp_policy(world: World) -> ExamplePolicy:
    skip_without("go", "protoc-gen-go", "protoc-gen-go-grpc")
    secrets = world.folder / "secrets"
    secrets.write_text(f"alice {base64.b32encode(KEY).decode()}\n")
    policy = ExamplePolicy("go", world.folder, "--secrets", str(secrets))
    world.open_files.append(policy)
    return policy


def test_code_inside_the_open_decision_counts_once(world: World) -> None:
    server = world.server()
    broker = world.broker(server, otp_policy(world))
    user = world.client_management()
    alice = world.client(server, "alice", extra=user.options)
    assert user.wait_for(CHALLENGE) == "CR_TEXT:R,E:Your one-time code"
    code = code_now()
    user.answer_challenge(code)
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")

    # Over the shoulder of the first.
    thief = world.client_management()
    stranger = world.client(server, "alice", extra=thief.options)
    thief.wait_for(CHALLENGE)
    thief.answer_challenge(code)
    assert stranger.wait_denied() == WRONG
    assert code not in "\n".join(broker.process.lines.all())


def test_code_in_the_place_of_the_password(world: World) -> None:
    server = world.server(passwords=True)
    broker = world.broker(server, otp_policy(world), remote={"grant_password": True})
    user = world.client_management(methods="")
    asks = ["auth-user-pass", "management-query-passwords", "auth-retry interact"]
    alice = world.client(server, "alice", extra=user.options + asks)
    user.wait_for(PASSWORD_WANTED)
    user.log_in("alice", "whatever")
    question = user.wait_for(PASSWORD_REFUSED)
    prefix, flags, state_id, name, text = question.split(":")
    assert (prefix, flags, text) == ("CRV1", "R,E", "Your one-time code")
    assert base64.b64decode(name) == b"alice"
    user.lines.wait_count(lambda line: bool(PASSWORD_WANTED.match(line)), "asked again", 2)
    user.log_in("alice", f"CRV1::{state_id}::{code_now()}")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")


def test_client_that_cannot_be_asked_reads_why(world: World) -> None:
    server = world.server()
    broker = world.broker(server, otp_policy(world), remote={"grant_password": True})
    alice = world.client(server, "alice")
    assert "one-time code, which this client does not support" in alice.wait_denied()
    broker.wait_decision("alice", code="OTP_NOT_POSSIBLE")
    assert not alice.ever_connected
