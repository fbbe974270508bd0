"""docs/policy-guide.md as a reader follows it: its programs in files, each served on a socket of its own, its cases checked."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "policy-guide.md"
FENCE = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\w+\.py): ")
FIRST, FRAME = "policy.py", "frame.py"
# Where the first program serves; the others take their address as an argument.
PRINTED_ADDRESS = "unix:/tmp/policy/policy.sock"
START_SECONDS = 20
# Long, since the machine may be busy.
VERDICT_MILLISECONDS = 20000


def read_guide() -> tuple[dict[str, str], dict[str, str]]:
    """The programs by file name, and the cases that follow each of them."""
    programs: dict[str, str] = {}
    cases: dict[str, str] = {}
    last = ""
    for language, text in FENCE.findall(GUIDE.read_text(encoding="utf-8")):
        if language == "python":
            named = NAME.match(text)
            last = named.group(1) if named else FIRST
            assert last not in programs, f"{last} is there twice"
            programs[last] = text
        elif text.startswith("cases:"):
            assert last not in cases, f"{last} has two lists of cases"
            cases[last] = text
    return programs, cases


PROGRAMS, CASES = read_guide()
EXAMPLES = sorted(set(PROGRAMS) - {FRAME})


def generate(folder: Path) -> None:
    """The messages, as the guide says to make them; also for this process."""
    proto = ROOT / "proto"
    files = [
        str(path.relative_to(proto))
        for part in ("ovpnbroker/type", "ovpnbroker/policy", "google")
        for path in sorted((proto / part).rglob("*.proto"))
    ]
    plugin = "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin"
    out = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
    subprocess.run(["protoc", "-I", ".", *out, plugin, *files], cwd=proto, check=True)
    sys.path.insert(0, str(folder))


class Example:
    """One program of the guide, running."""

    def __init__(
        self,
        folder: Path,
        generated: Path,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ):
        self.name = name
        self.folder = folder
        self.socket = folder / "policy.sock"
        self.address = f"unix:{self.socket}"
        self.output = folder / "output"
        for file in (FRAME, name):
            text = PROGRAMS[file].replace(PRINTED_ADDRESS, self.address)
            (folder / file).write_text(text, encoding="utf-8")
        # It ends with us, also when we are killed.
        command = ["setpriv", "--pdeathsig", "KILL", "/usr/bin/python3", name, self.address]
        with open(self.output, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=folder,
                env={"PYTHONPATH": str(generated), "PATH": "/usr/bin:/bin", **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait(lambda: self.socket.exists(), "its socket")

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait(self, holds: Any, what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not holds():
            assert self.process.poll() is None, f"{self.name} ended:\n{self.printed()}"
            assert time.monotonic() < deadline, f"{self.name}: no {what}:\n{self.printed()}"
            time.sleep(0.02)

    def check(self, program: str) -> subprocess.CompletedProcess[str]:
        """ovpn-policy-check with the cases of the guide."""
        command = [program, "--timeout", str(VERDICT_MILLISECONDS), self.address]
        if self.name in CASES:
            (self.folder / "cases.yaml").write_text(CASES[self.name], encoding="utf-8")
            command += ["--cases", str(self.folder / "cases.yaml")]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
