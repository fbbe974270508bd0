"""The decision log: one JSON record for each decision, in a file that can be moved away, without a secret."""

import json
import signal
import socket
from pathlib import Path
from typing import Any

from harness.timing import wait_until
from harness.world import World

PASSWORD = b"correct horse battery"


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_decision_leaves_one_record_and_no_secret(world: World) -> None:
    server = world.server(passwords=True)
    address = server.subnet.host(77)
    pushed = {"local": address, "remote_or_netmask": server.subnet.netmask}

    def decide(request: Any) -> dict[str, Any]:
        if request.session.username == "alice":
            return {"allow": {"config": {"ifconfig_push": pushed}}}
        return {"deny": {"reason": "left the company", "code": "LEFT"}}

    policy = world.policy(decide)
    policy.hello_ack["capabilities"] = ["CAPABILITY_PASSWORD"]
    broker = world.broker(server, policy, start=False, remote={"grant_password": True})
    log = world.folder / "decisions.jsonl"
    broker.config_values["decision_log"] = {"file": str(log)}
    broker.write_config()
    broker.start()
    broker.wait_instance("office", "RUNNING")

    world.client(server, "alice", username=b"alice", password=PASSWORD).wait_connected()
    world.client(server, "bob", username=b"bob", password=PASSWORD).wait_denied()
    broker.wait_decision("alice", outcome="VERIFIED")
    broker.wait_decision("bob", "DECISION_DENIED")

    wait_until(lambda: len(records(log)) == 2, "two records")
    by_name = {record["common_name"]: record for record in records(log)}
    alice, bob = by_name["alice"], by_name["bob"]
    assert alice["result"] == "ALLOWED" and alice["outcome"] == "VERIFIED"
    assert alice["got_addresses"] == [address] == alice["wanted_addresses"]
    assert [reply["outcome"] for reply in alice["replies"]] == ["WRITTEN", "VERIFIED"]
    assert bob["result"] == "DENIED" and bob["code"] == "LEFT"
    assert bob["detail"] == "left the company"
    assert PASSWORD.decode() not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o640

    # A tool that rotates by itself.
    log.rename(world.folder / "old.jsonl")
    broker.signal(signal.SIGHUP)
    broker.wait_log("CONFIG_RELOADED")
    world.client(server, "carol", username=b"carol", password=PASSWORD).wait_denied()
    wait_until(lambda: len(records(log)) == 1, "a record in the new file")
    assert records(log)[0]["common_name"] == "carol"


def test_syslog_gets_the_records(world: World) -> None:
    server = world.server()
    rules = world.rules_file([{"name": "none", "deny": {"reason": "closed"}}])
    broker = world.broker(server, rules, start=False)
    broker.config_values["decision_log"] = {"syslog": "local3"}
    broker.write_config()
    # The broker's own /dev, in which the syslog is ours.
    devices = world.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(devices))
        syslog.settimeout(30)
        script = (
            "mount -t tmpfs none /mnt && for d in null zero random urandom; do"
            " touch /mnt/$d && mount --bind /dev/$d /mnt/$d; done &&"
            " mkdir /mnt/net /mnt/shm && mount --rbind /dev/net /mnt/net 2>/dev/null;"
            f' touch /mnt/log && mount --bind {devices} /mnt/log && mount --move /mnt /dev && exec "$@"'
        )
        broker.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        broker.start()
        broker.wait_instance("office", "RUNNING")
        world.client(server, "alice").wait_denied()
        message = syslog.recv(65536).decode()
    head, body = message.split("{", 1)
    assert head.startswith("<158>")  # local3, info: 19 * 8 + 6
    assert "ovpn-broker[" in head
    record = json.loads("{" + body.rstrip("\0\n"))
    assert record["common_name"] == "alice" and record["result"] == "DENIED"
