"""A policy that tries to break out of its argument: each verdict is refused with the field named, the server lives,
and the next client gets in."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage

from harness.judges import ALLOW
from harness.pki import Pki
from harness.world import World

LONG = "x" * 256


def allow(**config: Any) -> dict[str, Any]:
    return {"allow": {"config": config}}


# The field that must be named, and the verdict.
HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "inline-file": ("raw_directives[0]", allow(raw_directives=["<foo>"])),
    "quoted-inline-file": ("raw_directives[0]", allow(raw_directives=['"<foo>"'])),
    "dashed-inline-file": ("raw_directives[0]", allow(raw_directives=["--<foo>"])),
    "config": ("raw_directives[0]", allow(raw_directives=["config /etc/passwd"])),
    "quoted-config": ("raw_directives[0]", allow(raw_directives=['"config" /etc/passwd'])),
    "single-quoted-config": ("raw_directives[0]", allow(raw_directives=["'config' /etc/passwd"])),
    "dashed-config": ("raw_directives[0]", allow(raw_directives=["--config /etc/passwd"])),
    "not-allowed-word": ("raw_directives[0]", allow(raw_directives=["disable"])),
    "tail-becomes-a-line": ("raw_directives[0]", allow(raw_directives=[f"push {LONG} disable"])),
    "end": ("raw_directives[1]", allow(raw_directives=["push-reset", "END"])),
    "end-in-tabs": ("raw_directives[0]", allow(raw_directives=["\tEND\t"])),
    "end-with-control-bytes": ("raw_directives[0]", allow(raw_directives=["E\x01N\x7fD"])),
    "end-after-newline": (
        "raw_directives[0]",
        allow(raw_directives=["push-reset\nEND\nsignal SIGTERM"]),
    ),
    "open-quote": ("raw_directives[0]", allow(raw_directives=['push "route 10.1.0.0 255.255.0.0'])),
    "push-newline": (
        "push_options[0]",
        allow(push_options=["route 10.1.0.0\nEND\nsignal SIGTERM"]),
    ),
    "push-quote": ("push_options[0]", allow(push_options=['ping 1" "x'])),
    "push-comma": (
        "push_options[1]",
        allow(push_options=["ping 9", "ping 1,route 0.0.0.0 0.0.0.0"]),
    ),
    "push-long": ("push_options[0]", allow(push_options=[f"setenv-safe X {LONG}"])),
    "push-remove-newline": ("push_remove[0]", allow(push_remove=["route\ndisable"])),
    "address": (
        "ifconfig_push",
        allow(ifconfig_push={"local": "10.8.0.9\nEND", "remote_or_netmask": "255.255.255.0"}),
    ),
    "route": ("routes[0]", allow(routes=[{"destination": '10.0.0.0/8" "x'}])),
    "iroute": ("iroutes[0]", allow(iroutes=["10.0.0.0/8\nEND"])),
    "dns": ("dns[0]", allow(dns=["9.9.9.9 \nEND"])),
    "search-domain": ("search_domains[0]", allow(search_domains=['corp" "x'])),
    "redirect-flag": ("redirect_gateway", allow(redirect_gateway={"flags": ["def1\nEND"]})),
    "reason-newline": ("deny.reason", {"deny": {"reason": "no\nsignal SIGTERM"}}),
    "client-reason-newline": (
        "deny.client_reason",
        {"deny": {"client_reason": "no\r\nsignal SIGTERM"}},
    ),
    "client-reason-long": ("deny.client_reason", {"deny": {"client_reason": "x" * 1100}}),
    "client-reason-challenge": (
        "deny.client_reason",
        {"deny": {"client_reason": "CRV1:R:id:Zm9v:x"}},
    ),
}


class Attack:
    """One broker whose policy answers for "mallory" with whatever `verdict` is, and lets everybody else in."""

    def __init__(self, world: World):
        self.world = world
        self.verdict: dict[str, Any] = ALLOW
        self.server = world.server(extra=["duplicate-cn"])
        self.policy = world.policy(
            lambda request: self.verdict if request.session.common_name == "mallory" else ALLOW
        )
        self.policy.hello_ack["capabilities"] = ["CAPABILITY_RAW_DIRECTIVES"]
        self.broker = world.broker(
            self.server,
            self.policy,
            allowed_raw_directives=["push", "push-reset"],
            failure={"retry_backoff": "60s"},
        )
        self.child = self.broker.instance("office").pid


@pytest.fixture(scope="module")
def attack(pki: Pki) -> Iterator[Attack]:
    world = World(pki)
    try:
        yield Attack(world)
    finally:
        world.close()


def violated_fields(outcome: Any) -> list[str]:
    from google.rpc import error_details_pb2

    fields = []
    for detail in outcome.status.details:
        assert isinstance(detail, AnyMessage)
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(bad_request):
            fields += [violation.field for violation in bad_request.field_violations]
    return fields


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_verdict_is_refused(attack: Attack, name: str) -> None:
    field, attack.verdict = HOSTILE[name]
    asked = attack.policy.requests.position()
    mallory = attack.world.client(attack.server, "mallory")
    question = attack.policy.request_for("mallory", after=asked)

    outcome = attack.policy.outcome_of(question.decision_id, "REJECTED")
    assert any(field in violated for violated in violated_fields(outcome)), outcome
    assert mallory.wait_denied().startswith("TEMP[")
    assert not mallory.ever_connected
    mallory.process.kill()

    alice = attack.world.client(attack.server, "alice")
    alice.wait_connected()
    alice.stop()
    assert attack.broker.instance("office").pid == attack.child, "the server was restarted"


def test_quotes_in_a_reason_arrive_as_they_are(attack: Attack) -> None:
    reason = 'He said: "no", \\ and it\'s final; # <foo>'
    attack.verdict = {"deny": {"reason": reason, "client_reason": reason}}
    mallory = attack.world.client(attack.server, "mallory")
    assert mallory.wait_denied() == reason


def test_raw_directives_need_the_capability(world: World) -> None:
    server = world.server()
    policy = world.policy(lambda _request: allow(raw_directives=["push-reset"]))
    world.broker(server, policy, allowed_raw_directives=["push-reset"])
    mallory = world.client(server, "mallory")

    outcome = policy.outcome_of(policy.request_for("mallory").decision_id, "REJECTED")
    assert violated_fields(outcome) == ["allow.config.raw_directives"]
    assert mallory.wait_denied().startswith("TEMP[")
