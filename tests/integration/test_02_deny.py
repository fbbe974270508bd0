"""A denied client reads the reason meant for it; the reason meant for the operator stays in the log."""

from harness.judges import judge
from harness.world import World


def test_deny_gives_each_reader_the_right_reason(world: World, judge_kind: str) -> None:
    server = world.server()
    deny = {
        "deny": {
            "reason": "contract ended, ticket 4711",
            "client_reason": "Please call the help desk.",
        }
    }
    broker = world.broker(server, judge(judge_kind, world, {"bob": deny}))
    bob = world.client(server, "bob")

    assert bob.wait_denied() == "Please call the help desk."
    bob.process.wait_exit()
    assert not bob.ever_connected
    record = broker.wait_decision("bob", "DECISION_DENIED")
    assert record.fields["detail"] == "contract ended, ticket 4711"
    assert "4711" not in bob.process.tail()


def test_deny_without_client_reason_is_plain(world: World, judge_kind: str) -> None:
    server = world.server()
    broker = world.broker(server, judge(judge_kind, world, {}))
    mallory = world.client(server, "mallory")

    assert mallory.wait_denied() == ""
    broker.wait_decision("mallory", "DECISION_DENIED")
    assert not mallory.ever_connected
