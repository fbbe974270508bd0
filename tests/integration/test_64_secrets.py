"""Whatever the broker writes during a whole run at its most talkative, no password, token or one-time code is in it."""

import base64
from typing import Any

import pytest
from harness.client_management import CHALLENGE
from harness.judges import ALLOW
from harness.monitoring import fetch, next_port
from harness.world import World

PASSWORD = "Sesame-7041-open"
WRONG = "Sesame-7042-shut"
CODE = "271828459"
SECRETS = [PASSWORD, WRONG, CODE]
# How OpenVPN's session tokens begin; with auth-gen-token a client renews with one in place of its password.
TOKEN = "SESS_ID_AT_"


def decide(request: Any) -> dict[str, Any]:
    """A password, then a code; a renewal with its token is let in."""
    if request.kind == request.KIND_REAUTH:
        return ALLOW
    if request.round == 0:
        if request.credentials.password != PASSWORD.encode():
            return {"deny": {"reason": "wrong password", "client_reason": "no"}}
        return {"pending_auth": {"challenge_text": "code?", "echo": True}}
    answer = base64.b64decode(request.credentials.challenge_response).decode()
    return ALLOW if answer == CODE else {"deny": {"reason": "wrong code", "client_reason": "no"}}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_output_of_a_run_holds_a_secret(world: World, log_format: str) -> None:
    server = world.server(
        passwords=True, extra=["auth-gen-token 3600 600 external-auth", "reneg-sec 6"]
    )
    policy = world.policy(decide, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_PASSWORD", "CAPABILITY_PENDING_AUTH"]
    broker = world.broker(
        server,
        policy.start(),
        start=False,
        remote={"grant_password": True},
        decision={"timeout": "2s", "attempt_timeout": "1s"},
    )
    broker.config_values |= {
        "log": {"level": "trace", "format": log_format},
        "metrics": {"address": f"127.0.0.1:{next_port()}"},
    }
    broker.config_values["admin"] = {"audit": {"file": str(broker.folder / "audit.log")}}
    broker.write_config()
    broker.start()

    user = world.client_management()
    alice = world.client(
        server, "alice", username=b"alice", password=PASSWORD.encode(), extra=user.options
    )
    user.wait_for(CHALLENGE)
    user.answer_challenge(CODE)
    alice.wait_connected()
    mallory = world.client(server, "mallory", username=b"mallory", password=WRONG.encode())
    assert mallory.wait_denied() == "no"
    policy.requests.wait(lambda request: request.kind == request.KIND_REAUTH, "a renewal")
    # The secrets did come by: the policy saw them.
    assert policy.request_for("alice").credentials.password == PASSWORD.encode()

    outputs = {"metrics": fetch(broker, "/metrics")[1], "ready": fetch(broker, "/readyz")[1]}
    commands = [["status"], ["sessions"], ["instances"], ["decisions"]]
    for command in commands:
        for form in ("table", "json"):
            outputs[f"ctl {command} {form}"] = broker.ctl(*command, "-o", form).stdout
    outputs["ctl logs"] = broker.ctl("logs", "-n", "4096").stdout
    outputs["ctl explain"] = broker.ctl("explain", "--user", "alice").stdout
    uid = broker.session_of("alice").uid
    broker.kill_session(uid, "HALT", reason="end of the test")
    broker.stop()
    for path in broker.folder.rglob("*"):
        if path.is_file() and path != broker.config:
            outputs[str(path)] = path.read_bytes().decode(errors="replace")

    assert "CONNECT" in outputs[str(broker.folder / "broker.log")]
    assert "KillSession" in outputs[str(broker.folder / "audit.log")]
    assert "alice" in outputs["ctl ['decisions'] json"]
    for secret in SECRETS:
        forms = [
            secret,
            base64.b64encode(secret.encode()).decode().rstrip("="),
            secret.encode().hex(),
        ]
        for place, text in outputs.items():
            leaks = [line for line in text.splitlines() if any(form in line for form in forms)]
            assert not leaks, f"{place} holds {secret}: {leaks[0][:300]}"
    for place, text in outputs.items():
        assert TOKEN not in text, f"{place} holds a session token"
