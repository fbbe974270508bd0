"""The broker's log from afar: OpenVPN's own lines by instance, and a level that is changed for a while."""

from harness.judges import allow_all
from harness.world import World


def test_logs_show_openvpns_own_lines_of_one_instance(world: World) -> None:
    servers = [world.server("office"), world.server("home")]
    broker = world.broker(servers, world.policy(allow_all))
    text = broker.ctl("logs", "-n", "4096", "--instance", "home").stdout
    assert "OPENVPN" in text and "Initialization Sequence Completed" in text
    assert "instance=home" in text and "instance=office" not in text


def test_log_level_is_changed_and_reset(world: World) -> None:
    broker = world.broker(world.server(), world.policy(allow_all))
    out = broker.ctl("log-level", "info", "--for", "3600", "--reason", "less of it").stdout
    assert out.startswith("level info, configured debug, falls back at ")
    record = broker.wait_log("AUDIT", method="LoggerService.SetLogLevel", outcome="ok")
    assert record.fields["reason"] == "less of it"
    assert broker.ctl("log-level", "--reset").stdout == "level debug, configured debug\n"
