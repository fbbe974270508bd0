"""The same verdicts from the embedded rules and from a remote policy, for tests that must hold for both."""

from typing import Any

from harness.policy_server import ScriptedPolicy
from harness.world import World

# What a name gets: {"allow": CONFIG} or {"deny": {"reason": ..., "client_reason": ...}}, in the words of
# proto/ovpnbroker/type/v1/client_config.proto.
Verdicts = dict[str, dict[str, Any]]


def judge(kind: str, world: World, verdicts: Verdicts) -> Any:
    """`kind` is "rules" or "remote". Names without a verdict are denied."""
    if kind == "rules":
        return world.rules_file(
            [
                {"name": name, "match": {"common_name": [name]}} | verdict
                for name, verdict in verdicts.items()
            ]
        )
    return remote(world, verdicts)


def remote(world: World, verdicts: Verdicts, **options: Any) -> ScriptedPolicy:
    def decide(request: Any) -> dict[str, Any]:
        verdict = verdicts.get(request.session.common_name, {"deny": {"reason": "not on the list"}})
        if "allow" in verdict:
            return {"allow": {"config": verdict["allow"]}}
        return verdict

    return world.policy(decide, **options)


ALLOW: dict[str, Any] = {"allow": {}}


def allow_all(_request: Any) -> dict[str, Any]:
    """A `decide` for tests that are not about the verdict."""
    return ALLOW
