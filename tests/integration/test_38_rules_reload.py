"""A group file counts after a reload; rules with an error change nothing, and every error is told."""

import signal

from harness.world import World

GOOD = "groups: {staff: staff.txt}\nrules: [{match: {group: staff}, allow: {}}]\n"


def test_group_file_is_reloaded_all_or_nothing(world: World) -> None:
    server = world.server()
    group = world.folder / "staff.txt"
    group.write_text("# nobody yet\n")
    rules = world.folder / "rules.yaml"
    rules.write_text(GOOD)
    broker = world.broker(server, rules)
    assert world.client(server, "alice").wait_denied() == ""

    group.write_text("alice\n")
    broker.signal(signal.SIGHUP)
    broker.wait_log("CONFIG_RELOADED")
    alice = world.client(server, "alice")
    alice.wait_connected()
    alice.stop()

    rules.write_text("rules: [{match: {comon_name: x}, allow: {pol: x}}]\n")
    broker.signal(signal.SIGHUP)
    failed = broker.wait_log("CONFIG_NOT_RELOADED")
    assert "did you mean 'common_name'" in str(failed.fields)
    assert "'pol'" in str(failed.fields)
    world.client(server, "alice").wait_connected()


def test_errors_of_all_policies_are_told_and_no_policy_changes(world: World) -> None:
    server = world.server()
    first, second, third = (world.folder / f"{name}.yaml" for name in ("first", "second", "third"))
    first.write_text("rules: [{allow: {}}]\n")
    second.write_text("rules: []\n")
    third.write_text("rules: []\n")
    broker = world.broker(server, first, start=False)
    broker.config_values["policies"] += [
        {"name": path.stem, "rules": {"file": str(path)}} for path in (second, third)
    ]
    broker.write_config()
    broker.start()
    broker.wait_instance(server.name, "RUNNING")

    first.write_text("rules: []\n")  # would deny
    second.write_text("rules: [{}]\n")
    third.write_text("rule: []\n")
    broker.signal(signal.SIGHUP)
    failed = str(broker.wait_log("CONFIG_NOT_RELOADED").fields)
    assert "second.yaml:1:9: rules[0]: a rule needs exactly one of" in failed
    assert "third.yaml:1:1: unknown key 'rule'" in failed
    world.client(server, "alice").wait_connected()
