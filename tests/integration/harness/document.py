"""A document of docs/ as its reader follows it: its files, and its commands, run one after the other.

```yaml behind a line that ends with `/PATH`: is that file. ```sh holds commands that are run here; each must end with 0, or with N where
it says `# exits with N`. ```console holds what cannot run here or is only shown.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.broker import ROOT, build_directory
from harness.timing import DEFAULT_DEADLINE

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`(/[^`\s]+)`[^\n]*:\n+\Z")
_EXPECTED = re.compile(r"# exits with (\d+)\s*$")
_MARK = "-- ended with "


@dataclass(frozen=True)
class Block:
    """One fence; `file` is where it belongs when it is one."""

    kind: str
    text: str
    line: int
    file: str = ""

    def commands(self) -> list[str]:
        """Logical lines, without comments of their own line."""
        joined = self.text.replace("\\\n", "")
        return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def read(page: str) -> list[Block]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = []
    for match in _FENCE.finditer(text):
        named = _FILE.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 1
        file = named.group(1) if named and match.group(1) == "yaml" else ""
        blocks.append(Block(match.group(1), match.group(2), line, file))
    return blocks


class Shell:
    """A bash of its own, started by `command`, which runs one command after the other and ends with the test."""

    def __init__(
        self, command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None
    ):
        self._shell = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            text=True,
            errors="backslashreplace",
            env=env,
        )

    def run(self, command: str) -> str:
        """What it printed."""
        expected = _EXPECTED.search(command)
        assert self._shell.stdin and self._shell.stdout
        # Its standard input is ours, which is no place for a question.
        self._shell.stdin.write(
            f"{{ {command}\n}} </dev/null\nstatus=$?; echo; echo {_MARK}$status\n"
        )
        self._shell.stdin.flush()
        printed = []
        for line in self._shell.stdout:
            if line.startswith(_MARK):
                status = int(line[len(_MARK) :])
                output = "".join(printed)
                assert status == int(
                    expected.group(1) if expected else 0
                ), f"`{command}` ended with {status}:\n{output}"
                return output
            printed.append(line)
        raise AssertionError(f"the shell ended inside `{command}`:\n{''.join(printed)}")

    def write(self, path: str, text: str) -> None:
        self.run(f"mkdir -p $(dirname {path}) && cat > {path} <<'END-OF-FILE'\n{text}\nEND-OF-FILE")

    def follow(self, block: Block) -> None:
        if block.file:
            self.write(block.file, block.text)
        if block.kind == "sh":
            for command in block.commands():
                self.run(command)

    def close(self) -> None:
        self._shell.kill()
        self._shell.wait()


class Reader(Shell):
    """A root shell in a mount namespace of its own, in which /etc, /run and /var are private copies; the network is the
    test's."""

    def __init__(self, folder: Path):
        self._folder = folder
        programs = folder / "programs"
        programs.mkdir()
        (programs / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        (programs / "sudo").chmod(0o755)
        server = build_directory() / "server"
        for program in (
            server / "ovpn-brokerd",
            server / "ctl" / "ovpn-brokerctl",
            server / "policy_check" / "ovpn-policy-check",
            server / "policy_sim" / "ovpn-policy-sim",
        ):
            (programs / program.name).symlink_to(program)
        super().__init__(
            ["unshare", "--mount", "bash", "--norc"],
            cwd=ROOT,
            env={
                "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
            }
            | {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
        )
        layers = folder / "layers"
        for place in ("/etc", "/var"):
            upper, work = layers / place[1:] / "upper", layers / place[1:] / "work"
            upper.mkdir(parents=True)
            work.mkdir()
            self.run(
                f"mount -t overlay -o lowerdir={place},upperdir={upper},workdir={work} none {place}"
            )
        self.run("mount -t tmpfs none /run")

    def start_broker(self) -> None:
        """In place of the service, and until it answers."""
        self.run(
            f"ovpn-brokerd --config /etc/ovpn-broker/broker.yaml > {self._folder}/broker.log 2>&1 &\n"
            f"timeout {DEFAULT_DEADLINE:.0f} sh -c 'until ovpn-brokerctl status >/dev/null 2>&1; do sleep 0.05; done'"
        )
