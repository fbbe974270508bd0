"""How long a real client takes to its working tunnel. Printed below the results; a bound would only measure the
machine."""

import time

import pytest

from harness.judges import ALLOW, judge
from harness.world import World

ROUNDS = 5


@pytest.mark.parametrize("prompt", [True, False], ids=["prompt", "not-prompt"])
def test_time_to_tunnel(world: World, prompt: bool, record_property) -> None:
    server = world.server(extra=["duplicate-cn"])
    world.broker(server, judge("rules", world, {"alice": ALLOW}), prompt_verdict=prompt)
    times = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        client = world.client(server, "alice")
        client.wait_connected()
        times.append(time.monotonic() - start)
        client.stop()

    times.sort()
    record_property(
        "measured",
        f"start of a client to its working tunnel, prompt_verdict {str(prompt).lower()}: "
        f"median {times[len(times) // 2] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms",
    )
