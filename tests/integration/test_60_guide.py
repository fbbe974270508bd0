"""The programs of docs/policy-guide.md decide about real clients: tests/docs runs them, here the real broker asks them."""

import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.client_management import CHALLENGE, PAGE
from harness.openvpn_client import SERVER_HALT
from harness.world import World

sys.path.append(str(Path(__file__).resolve().parents[1] / "docs"))
import guide  # noqa: E402

Serve = Callable[..., guide.Example]


@pytest.fixture
def serve(world: World) -> Iterator[Serve]:
    running: list[guide.Example] = []

    def start(name: str, **environment: str) -> guide.Example:
        from ovpnbroker.policy.v1 import decision_pb2

        generated = Path(decision_pb2.__file__).parents[3]
        folder = world.folder / f"guide-{len(running)}"
        folder.mkdir()
        running.append(guide.Example(folder, generated, name, [], environment))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_first_policy_lets_in_whom_it_names(world: World, serve: Serve) -> None:
    server = world.server(passwords=True)
    broker = world.broker(server, serve(guide.FIRST))
    alice = world.client(server, "alice", username=b"alice", password=b"-")
    alice.wait_connected()
    broker.wait_decision("alice", outcome="VERIFIED")
    bob = world.client(server, "bob", username=b"bob", password=b"-")
    assert bob.wait_denied() == "Only alice gets in."


def test_question_and_page_are_put_to_real_clients(world: World, serve: Serve) -> None:
    question, page = world.server("question"), world.server("page")
    world.broker(question, serve("question.py"))
    user = world.client_management()
    alice = world.client(question, "alice", extra=user.options)
    user.wait_for(CHALLENGE)
    user.answer_challenge("271828")
    alice.wait_connected()

    world.broker(page, serve("page.py"))
    user = world.client_management()
    bob = world.client(page, "bob", extra=user.options)
    address = user.wait_for(PAGE).removeprefix("WEB_AUTH::")
    with urllib.request.urlopen(address, data=b"", timeout=10) as answer:
        assert answer.status == 200
    bob.wait_connected()


def test_quota_ends_a_session(world: World, serve: Serve) -> None:
    server = world.server()
    remote = {"grant_commands": True, "traffic_interval": "1s"}
    broker = world.broker(
        server, serve("quota.py", QUOTA_BYTES="1"), remote=remote, bytecount_interval="1s"
    )
    alice = world.client(server, "alice")
    alice.wait_connected()
    alice.wait_for(SERVER_HALT)
    broker.wait_log("POLICY_COMMAND", reason="quota used up")
