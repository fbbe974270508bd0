"""Two replicas on TCP with mutual TLS: one dies under load, and nobody is denied for it."""

from typing import Any

from harness.judges import ALLOW
from harness.openvpn_client import CONNECTED
from harness.policy_server import Later
from harness.timing import SCALE
from harness.world import World

CLIENTS = 12


def test_one_of_two_replicas_dies_and_nobody_is_denied(world: World) -> None:
    # Slow enough that decisions are open on both when one dies.
    slow = Later(0.3, ALLOW)

    def decide(_request: Any) -> Later:
        return slow

    dying = world.policy(decide, tls_address="127.0.0.1:0")
    staying = world.policy(decide, tls_address="127.0.0.1:0")
    server = world.server()
    broker = world.broker(
        server,
        dying,
        remote={"addresses": [dying.address, staying.address], "tls": world.client_tls()},
    )
    for replica in (dying, staying):
        broker.wait_log("POLICY_STREAM_READY", replica=replica.address)
    clients = [world.client(server, f"user-{number:02}") for number in range(CLIENTS)]
    # The first question on the one that dies is open while it dies.
    dying.requests.wait(lambda _: True, "a question")
    dying.stop()
    broker.wait_log("POLICY_STREAM_LOST", replica=dying.address)
    for client in clients:
        client.wait_for(CONNECTED, deadline=60 * SCALE)
    assert staying.requests.all(), "the other replica took over"
    assert {request.session.common_name for request in staying.requests.all()} | {
        request.session.common_name for request in dying.requests.all()
    } == {client.name for client in clients}
    for refusal in ("DECISION_DENIED", "POLICY_UNAVAILABLE", "DECISION_TIMEOUT"):
        assert broker.logged(refusal) == []
