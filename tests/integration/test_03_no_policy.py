"""While no policy can be reached, clients are told to try again, and the same process gets in later."""

from harness.judges import allow_all
from harness.openvpn_client import RESTARTING
from harness.world import World


def test_unreachable_policy_denies_for_now(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all, start=False)
    broker = world.broker(server, policy, failure={"retry_backoff": "1s"})
    alice = world.client(server, "alice")

    assert alice.wait_denied().startswith("TEMP[")
    broker.wait_decision("alice", "POLICY_UNAVAILABLE")
    alice.wait_for(RESTARTING)

    policy.start()
    alice.wait_connected()
    assert broker.session_of("alice")


def test_policy_that_dies_is_found_again(world: World) -> None:
    server = world.server()
    policy = world.policy(allow_all)
    world.broker(server, policy, failure={"retry_backoff": "1s"})
    world.client(server, "alice").wait_connected()

    policy.stop()
    bob = world.client(server, "bob")
    assert bob.wait_denied().startswith("TEMP[")
    policy.start()
    bob.wait_connected()
