"""SIGTERM drains: open questions are answered, children end, and no socket stays."""

import stat

from harness.judges import ALLOW
from harness.policy_server import NEVER
from harness.world import World, processes_mentioning


def test_sigterm_leaves_nothing_behind(world: World) -> None:
    servers = [world.server("office"), world.server("branch", proto="tcp")]
    policy = world.policy(lambda request: NEVER if request.session.common_name == "bob" else ALLOW)
    broker = world.broker(servers, policy)
    world.client(servers[0], "alice").wait_connected()
    bob = world.client(servers[0], "bob")
    policy.request_for("bob")
    children = [broker.instance(server.name).pid for server in servers]

    assert broker.stop() == 0

    assert bob.wait_denied().startswith("TEMP[")
    assert not bob.ever_connected
    alive = processes_mentioning(str(world.folder))
    assert not set(children) & set(alive), f"children are left: {alive}"
    sockets = [path for path in broker.folder.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)]
    assert sockets == []
