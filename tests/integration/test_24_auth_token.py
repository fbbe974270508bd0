"""`auth-gen-token ... external-auth`: the policy learns what a token is worth, and never takes it for a password."""

from typing import Any

from harness.judges import ALLOW
from harness.world import World


def test_renewal_with_a_token_tells_its_state(world: World) -> None:
    server = world.server(
        passwords=True, extra=["auth-gen-token 3600 600 external-auth", "reneg-sec 6"]
    )
    policy = world.policy(lambda _request: ALLOW, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_PASSWORD"]
    world.broker(
        server,
        policy.start(),
        remote={"grant_password": True},
        decision={"timeout": "1s", "attempt_timeout": "500ms"},
    )
    alice = world.client(server, "alice", username=b"alice", password=b"sesame")
    alice.wait_connected()

    first = policy.request_for("alice")
    assert first.token_state == token_state("INITIAL")
    assert first.credentials.password == b"sesame"

    def is_renewal(request: Any) -> bool:
        return bool(request.kind == request.KIND_REAUTH)

    renewal = policy.requests.wait(is_renewal, "a question about a renewal")
    assert renewal.token_state == token_state("AUTHENTICATED")
    assert renewal.credentials.username == b"alice"
    assert not renewal.credentials.HasField("password")


def test_token_without_external_auth_is_refused_with_its_line(world: World) -> None:
    server = world.server(passwords=True, extra=["auth-gen-token 3600"])
    policy = world.policy(lambda _request: ALLOW)
    broker = world.broker(server, policy, start=False)
    checked = broker.ctl("check-config", str(broker.config), check=False)
    assert checked.returncode == 2
    line = server.path.read_text().splitlines().index("auth-gen-token 3600") + 1
    assert f"{server.path}:{line}" in checked.stderr
    assert "external-auth" in checked.stderr


def token_state(name: str) -> int:
    from ovpnbroker.policy.v1 import decision_pb2

    return int(decision_pb2.TokenState.Value(f"TOKEN_STATE_{name}"))
