"""Tools stay connected over the end of OpenVPN, are told that nobody is there to ask, and hear again what they asked
for once there is."""

import os
import signal

from harness.judges import allow_all
from harness.management_tool import ManagementTool
from harness.world import World


def test_tool_outlives_openvpn(world: World) -> None:
    server = world.server()
    broker = world.broker(
        server,
        world.policy(allow_all),
        passthrough={},
        restart={"initial_backoff": "500ms"},
    )
    tool = ManagementTool(broker.runtime_directory / "office.passthrough.sock")
    assert tool.ask("state on")[0].startswith("SUCCESS: ")
    assert tool.ask("log on")[0].startswith("SUCCESS: ")
    old = tool.ask("pid")

    seen = broker.events.position()
    os.kill(broker.instance("office").pid, signal.SIGKILL)
    broker.wait_log("CHILD_EXITED", after=seen)
    assert tool.ask("status")[0].startswith("ERROR: the broker is not connected to the OpenVPN of")
    assert tool.ask("help")[-1].startswith("Everything that would decide")

    broker.wait_instance("office", "RUNNING", after=seen)
    assert ",ASSIGN_IP," in tool.wait_notification(">STATE:")
    assert ",CONNECTED,SUCCESS," in tool.wait_notification(">STATE:")
    new = tool.ask("pid")
    assert new[0].startswith("SUCCESS: pid=")
    assert new != old
    # The log is on again, without being asked for: OpenVPN logs most commands that it is given.
    tool.notifications.clear()
    tool.ask("nclients")
    assert "CMD 'nclients'" in tool.wait_notification(">LOG:")
    assert tool.ask("status 2")[0].startswith("TITLE,OpenVPN 2.")
    tool.close()


def test_refused_commands_reach_nobody(world: World) -> None:
    server = world.server()
    broker = world.broker(server, world.policy(allow_all), passthrough={})
    client = world.client(server, "alice")
    client.wait_connected()
    tool = ManagementTool(broker.runtime_directory / "office.passthrough.sock")
    for command in [
        "kill alice",
        "client-kill 0",
        "client-deny 0 1 no",
        "client-auth 0 1\ndisable\nkill alice\nEND",
        "signal SIGTERM",
        "signal SIGUSR1",
        "hold on",
        "verb 0",
        'log 1 "',
    ]:
        answer = tool.ask(command)
        assert answer[0].startswith("ERROR: "), (command, answer)
    assert tool.ask("verb") == ["SUCCESS: verb=3"]
    assert tool.ask("nclients") == ["SUCCESS: nclients=1"]
    assert broker.session_of("alice").common_name == "alice"
    broker.wait_log("PASSTHROUGH_REFUSED", command="kill")
    assert broker.instance("office").restart_count == 0
    tool.close()


def test_client_notifications_without_passwords(world: World) -> None:
    server = world.server(passwords=True)
    broker = world.broker(
        server, world.policy(allow_all), passthrough={"client_notifications": True}
    )
    tool = ManagementTool(broker.runtime_directory / "office.passthrough.sock")
    client = world.client(server, "alice", username=b"alice", password=b"correct-horse")
    client.wait_connected()
    assert tool.wait_notification(">CLIENT:CONNECT,").startswith(">CLIENT:CONNECT,0,")
    tool.wait_notification(">CLIENT:ESTABLISHED,0")
    assert ">CLIENT:ENV,username=alice" in tool.notifications
    assert not any("correct-horse" in line for line in tool.notifications)
    assert not any(line.startswith(">CLIENT:ENV,password") for line in tool.notifications)
    tool.close()
