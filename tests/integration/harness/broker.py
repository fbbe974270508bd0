"""ovpn-brokerd as a child process: its log as events, its admin API, and ovpn-brokerctl."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import yaml

from harness.events import EventLog
from harness.processes import LoggedProcess
from harness.timing import DEFAULT_DEADLINE

ROOT = Path(__file__).resolve().parents[3]


def build_directory() -> Path:
    return Path(os.environ.get("OVPNBROKER_BUILD_DIR", ROOT / "build" / "dev"))


class _WithoutAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def plain_yaml(values: Any) -> str:
    """YAML as a person writes it; the broker refuses aliases."""
    return yaml.dump(values, Dumper=_WithoutAliases, sort_keys=False)


@dataclass(frozen=True)
class LogEvent:
    """One line of the broker's JSON log."""

    id: str
    level: str
    message: str
    fields: dict[str, Any]

    def has(self, **wanted: Any) -> bool:
        return all(str(self.fields.get(name)) == str(value) for name, value in wanted.items())

    def __str__(self) -> str:
        return f"{self.level} {self.id} {self.message} {self.fields}"


class Broker:
    """One broker process and its runtime directory. `start` again after it ended to get a successor."""

    def __init__(self, folder: Path, config: dict[str, Any]):
        self.folder = folder
        self.runtime_directory = folder / "run"
        self.admin_socket = self.runtime_directory / "admin.sock"
        self.config = folder / "broker.yaml"
        self.config_values = config | {
            "runtime_directory": str(self.runtime_directory),
            "state_directory": str(folder / "state"),
            "log": {"level": "debug", "format": "json"},
        }
        self.prefix: list[str] = []  # words before the daemon's command line, e.g. of unshare(1)
        self.environment: dict[str, str] = {}  # what it gets besides the test's own
        self.events: EventLog[LogEvent] = EventLog("broker log")
        self.process: LoggedProcess | None = None
        self.write_config()

    def write_config(self) -> None:
        self.config.write_text(plain_yaml(self.config_values))

    def start(self) -> "Broker":
        self.events = EventLog("broker log")
        program = build_directory() / "server" / "ovpn-brokerd"
        self.process = LoggedProcess(
            "ovpn-brokerd",
            [*self.prefix, str(program), "--config", str(self.config)],
            self.folder / "broker.log",
            self._on_line,
            on_end=self.events.close,
            env=self.environment,
        )
        return self

    def _on_line(self, line: str) -> None:
        try:
            values = json.loads(line)
        except ValueError:  # a sanitizer's report, for example
            values = {"id": "NOT_JSON", "level": "error", "message": line}
        self.events.append(
            LogEvent(
                values.get("id", ""),
                values.get("level", ""),
                values.get("message", ""),
                values.get("fields", {}),
            )
        )

    # --- log ---------------------------------------------------------------------------------

    def wait_log(
        self, event_id: str, *, after: int = 0, deadline: float = DEFAULT_DEADLINE, **fields: Any
    ) -> LogEvent:
        return self.events.wait(
            lambda event: event.id == event_id and event.has(**fields),
            f"{event_id} {fields or ''}",
            after=after,
            deadline=deadline,
        )

    def logged(self, event_id: str, *, after: int = 0, **fields: Any) -> list[LogEvent]:
        return self.events.matching(
            lambda event: event.id == event_id and event.has(**fields), after
        )

    def wait_instance(self, name: str, state: str, **kwargs: Any) -> LogEvent:
        return self.wait_log("INSTANCE_STATE", instance=name, state=state, **kwargs)

    def wait_decision(
        self, common_name: str, event_id: str | None = None, *, after: int = 0, **fields: Any
    ) -> LogEvent:
        """Waits for the record of a decision about this client, which comes when nothing more can be learned of it."""
        wanted = fields | {"common_name": common_name}
        return self.events.wait(
            lambda event: "decision_id" in event.fields
            and event.has(**wanted)
            and event_id in (None, event.id),
            f"{event_id or 'a decision'} {wanted}",
            after=after,
        )

    # --- admin API ---------------------------------------------------------------------------

    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"unix:{self.admin_socket}")

    def instance(self, name: str) -> Any:
        from ovpnbroker.admin.v1 import instance_service_pb2 as messages
        from ovpnbroker.admin.v1 import instance_service_pb2_grpc as services

        with self._channel() as channel:
            stub = services.InstanceServiceStub(channel)
            request = messages.GetInstanceRequest(name=name)
            return stub.GetInstance(request, timeout=DEFAULT_DEADLINE).instance

    def sessions(self) -> list[Any]:
        from ovpnbroker.admin.v1 import session_service_pb2 as messages
        from ovpnbroker.admin.v1 import session_service_pb2_grpc as services

        with self._channel() as channel:
            stub = services.SessionServiceStub(channel)
            request = messages.ListSessionsRequest(page_size=1000)
            return list(stub.ListSessions(request, timeout=DEFAULT_DEADLINE).sessions)

    def kill_session(self, uid: str, disposition: str, reason: str = "", wait: bool = True) -> Any:
        """Ends a session. The KillResult comes when DISCONNECT was seen, or at once without `wait`."""
        from ovpnbroker.admin.v1 import kill_pb2
        from ovpnbroker.admin.v1 import session_service_pb2 as messages
        from ovpnbroker.admin.v1 import session_service_pb2_grpc as services

        with self._channel() as channel:
            stub = services.SessionServiceStub(channel)
            request = messages.KillSessionRequest(
                uid=uid,
                disposition=kill_pb2.KillDisposition.Value(f"KILL_DISPOSITION_{disposition}"),
                reason=reason,
            )
            if not wait:
                request.wait.SetInParent()  # present and 0
            return stub.KillSession(request, timeout=DEFAULT_DEADLINE).result

    def session_of(self, common_name: str, state: str = "ESTABLISHED") -> Any:
        """The one session of that name in that state; a client is connected a moment before its broker hears of it."""
        while True:
            seen = self.events.position()
            sessions = self.sessions()
            found = [
                session
                for session in sessions
                if session.common_name == common_name
                and type(session).State.Name(session.state) == f"STATE_{state}"
            ]
            if len(found) == 1:
                return found[0]
            self.events.wait(
                lambda event: True,
                f"one session of {common_name} that is {state}, there is {sessions}",
                after=seen,
            )

    def ctl(
        self, *arguments: str, check: bool = True, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """`typed` is its standard input."""
        program = build_directory() / "server" / "ctl" / "ovpn-brokerctl"
        run = subprocess.run(
            [str(program), "--socket", str(self.admin_socket), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            timeout=DEFAULT_DEADLINE,
            check=False,
        )
        assert (
            not check or run.returncode == 0
        ), f"ovpn-brokerctl {arguments}: {run.stdout}{run.stderr}"
        return run

    def ctl_json(self, *arguments: str) -> Any:
        return json.loads(self.ctl(*arguments, "-o", "json").stdout)

    # --- life --------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def stop(self) -> int:
        assert self.process is not None
        return self.process.stop()
