"""Fifty clients connect while sessions are killed at random."""

import random

from harness.judges import allow_all
from harness.openvpn_client import CONNECTED
from harness.timing import SCALE
from harness.world import World

CLIENTS = 50
KILLS = 60
SEED = 2  # the same kills in each run, as far as the clients' order allows


def test_storm_of_clients_and_kills(world: World) -> None:
    server = world.server(extra=["max-clients 200"])
    policy = world.policy(allow_all)
    broker = world.broker(server, policy)
    chance = random.Random(SEED)
    clients = [world.client(server, f"user-{number:02}") for number in range(CLIENTS)]

    position = 0
    for _ in range(KILLS):
        # One kill for each session that was established: never faster than the clients come.
        record = broker.events.wait(
            lambda event: event.has(outcome="VERIFIED"),
            "another client that got in",
            after=position,
            deadline=60 * SCALE,
        )
        position = broker.events.all().index(record, position) + 1
        # One that is ENDING may be gone before its kill arrives.
        living = [
            session for session in broker.sessions() if session.state == session.STATE_ESTABLISHED
        ]
        if living:
            victim = chance.choice(living)
            broker.kill_session(
                victim.uid, chance.choice(["RESTART", "RESTART", "HALT"]), wait=False
            )

    judged = {request.session.common_name for request in policy.requests.all()}
    assert judged == {client.name for client in clients}
    for client in clients:
        client.wait_for(CONNECTED, deadline=60 * SCALE)
    assert broker.logged("COMMAND_FAILED") == []
    assert broker.instance("office").restart_count == 0
    broken = [event for event in broker.events.all() if "Options error" in event.message]
    assert broken == []
