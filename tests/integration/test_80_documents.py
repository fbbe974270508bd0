"""The commands of the operators' guides do what they say, on a real server with real clients. Those that install the broker and
steer its service are run by tests/packaging, where there is a systemd."""

from collections.abc import Iterator

import pytest
from harness import document, mentions
from harness.document import Reader
from harness.world import World

QUICKSTART = "operator-quickstart.md"
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


@pytest.mark.parametrize("page", ["admin-guide.md", "operations.md"])
def test_commands_of_the_guides_do_what_they_say(world: World, reader: Reader, page: str) -> None:
    start_with_the_files_of_the_quickstart(world, reader)
    for block in document.read(page):
        reader.follow(block)


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
