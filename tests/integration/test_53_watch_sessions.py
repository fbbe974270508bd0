"""A watch sees a real client come and go, and goes on where it was."""

from typing import Any

import grpc

from harness.judges import allow_all
from harness.timing import DEFAULT_DEADLINE
from harness.world import World


def kind_of(response: Any) -> str:
    return str(type(response).Kind.Name(response.kind)).removeprefix("KIND_")


def test_a_watch_sees_connect_and_disconnect(world: World) -> None:
    from ovpnbroker.admin.v1 import session_service_pb2 as messages
    from ovpnbroker.admin.v1 import session_service_pb2_grpc as services

    server = world.server()
    broker = world.broker(server, world.policy(allow_all))
    broker.wait_instance("office", "RUNNING")
    with grpc.insecure_channel(f"unix:{broker.admin_socket}") as channel:
        stub = services.SessionServiceStub(channel)
        request = messages.WatchSessionsRequest(filter='common_name = "alice"')
        watch = stub.WatchSessions(request, timeout=4 * DEFAULT_DEADLINE)
        assert kind_of(next(watch)) == "CURRENT_COMPLETE"

        alice = world.client(server, "alice")
        alice.wait_connected()
        state = type(broker.session_of("alice")).State
        for response in watch:
            assert kind_of(response) == "CHANGED"
            assert response.session.common_name == "alice"
            if response.session.state == state.Value("STATE_ESTABLISHED"):
                break
        token = response.watch_token
        alice.stop()
        ended = next(told for told in watch if kind_of(told) == "ENDED")
        assert ended.session.uid == response.session.uid
        watch.cancel()

        again = stub.WatchSessions(
            messages.WatchSessionsRequest(watch_token=token), timeout=DEFAULT_DEADLINE
        )
        seen = next(told for told in again if kind_of(told) == "ENDED")
        assert seen.session.uid == ended.session.uid
        again.cancel()


def test_one_stream_too_many_is_refused_until_a_reload_allows_it(world: World) -> None:
    from ovpnbroker.admin.v1 import session_service_pb2 as messages
    from ovpnbroker.admin.v1 import session_service_pb2_grpc as services

    broker = world.broker(world.server(), world.policy(allow_all), start=False)
    broker.config_values["admin"] = {"max_watches": 1}
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")
    with grpc.insecure_channel(f"unix:{broker.admin_socket}") as channel:
        watch = services.SessionServiceStub(channel).WatchSessions(
            messages.WatchSessionsRequest(), timeout=4 * DEFAULT_DEADLINE
        )
        assert kind_of(next(watch)) == "CURRENT_COMPLETE"
        refused = broker.ctl("logs", check=False)
        assert refused.returncode != 0
        assert "as many streams are open here as may be (1)" in refused.stderr
        assert "raise admin.max_watches and reload" in refused.stderr

        broker.config_values["admin"] = {"max_watches": 2}
        broker.write_config()
        broker.ctl("reload")
        assert "ReloadConfig" in broker.ctl("logs", "-n", "4096").stdout
        watch.cancel()
