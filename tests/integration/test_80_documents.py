"""The commands of the operators' guides do what they say, on a real server with real clients. Those that install the broker and
steer its service are run by tests/packaging, where there is a systemd."""

from collections.abc import Iterator

import pytest
from harness import document, mentions, typed
from harness.broker import ROOT, plain_yaml
from harness.document import Reader
from harness.example_policy import ExamplePolicy
from harness.pools import pool
from harness.server_config import ServerConfig
from harness.typed_lists import ELSEWHERE, EXCUSED, FILLED, LAST
from harness.world import World

QUICKSTART = "operator-quickstart.md"
BROKER = "/etc/ovpn-broker/broker.yaml"
RULES = "rules: [{name: all, match: {common_name: ['*']}, allow: {}}]\n"
# Whose `sh` blocks are followed: here, and in a clean Debian.
HERE = ["admin-guide.md", "operations.md"]
IN_PACKAGING = [QUICKSTART, "systemd.md"]
OFFICE = "/etc/openvpn/server/office.conf"


@pytest.fixture
def reader(world: World) -> Iterator[Reader]:
    reader = Reader(world.folder)
    yield reader
    reader.run("jobs -p | xargs --no-run-if-empty kill -TERM; wait")
    reader.close()


def start_with_the_files_of_the_quickstart(world: World, reader: Reader) -> None:
    """Its server and its broker, then alice."""
    server = world.server()
    reader.write(OFFICE, server.path.read_text())
    for block in document.read(QUICKSTART):
        if block.file:
            reader.follow(block)
    reader.start_broker()
    world.client(server, "alice").wait_connected()


@pytest.mark.parametrize("page", HERE)
def test_commands_of_the_guides_do_what_they_say(world: World, reader: Reader, page: str) -> None:
    start_with_the_files_of_the_quickstart(world, reader)
    for block in document.read(page):
        reader.follow(block)


@pytest.fixture
def example(world: World) -> ExamplePolicy:
    policy = ExamplePolicy("python", world.folder)
    world.open_files.append(policy)
    return policy


def files_of_an_office(world: World, reader: Reader, example: ExamplePolicy) -> ServerConfig:
    """With all that the documents' commands are about: rules, a remote policy, a pool, a ccd folder, a log of decisions."""
    server = world.server(passwords=True)
    reader.write(OFFICE, server.path.read_text())
    reader.write("/etc/ovpn-broker/rules.yaml", RULES)
    policies = [
        {"name": "rules", "rules": {"file": "rules.yaml"}},
        {"name": "example", "remote": {"addresses": [example.address]}},
    ]
    instance = {"name": "office", "config": OFFICE, "policy": "rules", "shadows": ["example"]}
    reader.write(
        BROKER,
        plain_yaml(
            {"policies": policies, "instances": [instance], "address_pools": [pool(server)]}
        ),
    )
    reader.write("/etc/openvpn/ccd/branch-7", 'push "route 10.20.0.0 255.255.0.0"')
    reader.run("mkdir /etc/trial && cd /etc/trial")
    reader.run("echo '{}' | tee decisions.jsonl monday.jsonl")
    return server


def test_commands_that_documents_show_do_what_they_say(
    world: World, reader: Reader, example: ExamplePolicy
) -> None:
    """In tables, in sentences, indented: each as it stands, or with its placeholders filled in."""
    server = files_of_an_office(world, reader, example)
    tls = ExamplePolicy(
        "python",
        world.folder,
        *("--listen", "127.0.0.1:0", "--tls-client-ca", str(world.pki.ca)),
        *("--tls-cert", str(world.pki.server.certificate), "--tls-key", str(world.pki.server.key)),
    )
    world.open_files.append(tls)
    own = world.pki.client("broker")
    for name, value in {
        "TREE": ROOT,
        "POLICY": example.address,
        "TLS_POLICY": tls.address,
        "CA": world.pki.ca,
        "CERT": own.certificate,
        "KEY": own.key,
    }.items():
        reader.run(f"{name}={value}")
    reader.start_broker()
    for name in ["alice", "bob", "carol"]:
        world.client(server, name, username=name.encode(), password=b"-").wait_connected()
    shown = {
        command: page
        for command, page in typed.all_commands().items()
        if command not in ELSEWHERE | EXCUSED
    }
    problems = []
    for command in sorted(shown, key=lambda each: each in LAST):
        try:
            reader.run(FILLED.get(command) or typed.as_typed(command))
        except AssertionError as error:
            problems.append(f"{shown[command].name}: {error}")
    assert not problems, "\n".join(problems)


def test_command_without_run_or_reason_does_not_go_unseen() -> None:
    """The test above runs what is in no list; here: the lists hold nothing that is not shown, and what they promise is there."""
    shown = set(typed.all_commands())
    listed = FILLED | ELSEWHERE | EXCUSED
    assert not set(listed) - shown, "no document shows these any more"
    assert len(listed) == len(FILLED) + len(ELSEWHERE) + len(EXCUSED), "one is in two lists"
    for command, (file, text) in ELSEWHERE.items():
        assert text in (ROOT / file).read_text(), f"{file} does not run `{command}`"
    assert typed.pages_with_blocks() == {*HERE, *IN_PACKAGING}, "nobody follows its sh blocks"


def test_new_command_in_a_cell_is_found() -> None:
    page = "| To | Do |\n|---|---|\n| look | `ovpn-brokerctl sessions --all`; `bans shwo 7`, `a word` |\n\n    sudo reboot  # now\n"
    assert typed.commands(page) == ["ovpn-brokerctl sessions --all", "bans shwo 7", "sudo reboot"]


def test_every_command_that_a_document_mentions_exists() -> None:
    problems, count = [], 0
    for page in mentions.documents():
        for line, command in mentions.mentions(page):
            count += 1
            found = mentions.problem(command)
            if found:
                problems.append(f"{page.name}:{line}: `{command}`: {found}")
    assert not problems, "\n".join(problems)
    assert count > 40, "the search for commands finds too few"


def test_command_that_does_not_exist_is_found() -> None:
    assert mentions.problem("ovpn-brokerctl session") == "ovpn-brokerctl has no verb session"
    assert "no verb lease" in mentions.problem("ovpn-brokerctl pools lease staff")
    assert "no option --usr" in mentions.problem("ovpn-brokerctl kill --usr alice")
    assert mentions.problem("ovpn-brokerctl kill --user alice --reason 'laptop lost'") == ""


def test_command_that_ends_with_an_error_is_found(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="ended with 3"):
        reader.run("sh -c 'exit 3'")
    assert reader.run("sh -c 'echo told; exit 3'  # exits with 3").strip() == "told"
