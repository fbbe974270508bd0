"""A question inside a deny (CRV1): the client comes back with the answer in the place of its password."""

from typing import Any

from harness.client_management import PASSWORD_REFUSED, PASSWORD_WANTED
from harness.judges import ALLOW
from harness.world import World

CHALLENGE = {"state_id": "otp.7", "text": "Code: please", "echo": True}


def judge_password(request: Any) -> dict[str, Any]:
    password = request.credentials.password.decode()
    if password == "sesame":
        return {"deny": {"reason": "code wanted", "challenge": CHALLENGE}}
    if password == "CRV1::otp.7::271828":
        return ALLOW
    return {"deny": {"reason": "wrong"}}


def test_answer_comes_back_as_the_password(world: World) -> None:
    server = world.server(passwords=True)
    policy = world.policy(judge_password, start=False)
    policy.hello_ack["capabilities"] = ["CAPABILITY_PASSWORD"]
    broker = world.broker(server, policy.start(), remote={"grant_password": True})
    user = world.client_management(methods="")
    alice = world.client(
        server,
        "alice",
        extra=user.options
        + ["auth-user-pass", "management-query-passwords", "auth-retry interact"],
    )
    user.wait_for(PASSWORD_WANTED)
    user.log_in("alice", "sesame")
    # base64 of the user name, which the client repeats
    assert user.wait_for(PASSWORD_REFUSED) == "CRV1:R,E:otp.7:YWxpY2U=:Code: please"
    refused = user.lines.position()
    user.wait_for(PASSWORD_WANTED, after=refused - 1)
    user.log_in("alice", "CRV1::otp.7::271828")

    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    for secret in ("sesame", "271828"):
        assert secret not in "\n".join(broker.process.lines.all())
