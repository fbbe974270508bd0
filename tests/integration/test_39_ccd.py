"""An OpenVPN client-config-dir decides as rules of the broker, and a reload reads it again."""

import signal
from pathlib import Path

from harness.pools import address_of
from harness.world import World


def make_folder(world: World, **files: str) -> Path:
    folder = world.folder / "ccd"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_files_decide_and_give_addresses(world: World) -> None:
    server = world.server()
    address = server.subnet.host(77)
    folder = make_folder(
        world, alice=f"ifconfig-push {address} {server.subnet.netmask}\n", bob="disable\n"
    )
    broker = world.broker(server, folder)

    assert address_of(world.client(server, "alice")) == address
    broker.wait_decision("alice", outcome="VERIFIED")
    assert world.client(server, "bob").wait_denied() == ""
    world.client(server, "carol").wait_connected()  # no file, no DEFAULT, not exclusive


def test_default_counts_for_who_has_no_file(world: World) -> None:
    server = world.server()
    world.broker(server, make_folder(world, alice="", DEFAULT="disable\n"))
    world.client(server, "alice").wait_connected()
    assert world.client(server, "bob").wait_denied() == ""


def test_exclusive_denies_who_has_no_file_until_a_reload_brings_one(world: World) -> None:
    server = world.server()
    folder = make_folder(world, alice="", DEFAULT="")
    broker = world.broker(server, folder, rules={"ccd_exclusive": True})
    world.client(server, "alice").wait_connected()
    assert world.client(server, "bob").wait_denied() == ""

    (folder / "bob").write_text("comp-lzo no\n")
    broker.signal(signal.SIGHUP)
    failed = broker.wait_log("CONFIG_NOT_RELOADED")
    assert "ccd/bob:1: comp-lzo: is not carried over" in str(failed.fields)
    assert world.client(server, "bob").wait_denied() == ""

    (folder / "bob").write_text("")
    broker.signal(signal.SIGHUP)
    broker.wait_log("CONFIG_RELOADED")
    world.client(server, "bob").wait_connected()
