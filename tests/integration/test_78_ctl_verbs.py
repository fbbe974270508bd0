"""Every method of the admin API has a verb that calls it: a server that only takes notes hears which one does."""

import os
import re
import subprocess
import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness.broker import build_directory
from harness.timing import DEFAULT_DEADLINE

PROTO = Path(__file__).resolve().parents[2] / "proto" / "ovpnbroker" / "admin" / "v1"
TABLE = {
    "AddressPoolService.ListAddressPools": "pools",
    "AddressPoolService.ListAddressLeases": "pools leases staff",
    "AddressPoolService.ReleaseAddressLease": "pools release staff 10.8.1.2",
    "BanService.GetBan": "bans show 1",
    "BanService.ListBans": "bans list",
    "BanService.CreateBan": "bans add --user mallory --reason test --yes",
    "BanService.DeleteBan": "bans remove 1",
    "BrokerService.GetBroker": "status",
    "BrokerService.GetConfig": "config show",
    "BrokerService.ReloadConfig": "reload --dry-run",
    "DecisionService.GetDecision": "decisions show 1",
    "DecisionService.ListDecisions": "decisions",
    "DecisionService.ListOpenDecisions": "decisions --open",
    "InstanceService.GetInstance": "instances show office",
    "InstanceService.ListInstances": "instances",
    "InstanceService.WatchInstances": "events",
    "InstanceService.StartInstance": "instances start office",
    "InstanceService.StopInstance": "instances stop office --yes",
    "InstanceService.RestartInstance": "instances restart office --yes",
    "InstanceService.SoftRestartInstance": "instances soft-restart office --yes",
    "InstanceService.AttachInstance": "instances attach office",
    "InstanceService.DetachInstance": "instances detach office",
    "InstanceService.DrainInstance": "instances drain office",
    "InstanceService.UndrainInstance": "instances undrain office",
    "LoggerService.GetLogger": "log-level",
    "LoggerService.SetLogLevel": "log-level debug",
    "LoggerService.ResetLogLevel": "log-level --reset",
    "LoggerService.TailLog": "logs",
    "PolicyAdminService.ListPolicies": "status",
    "PolicyAdminService.GetPolicy": "policies show staff",
    "PolicyAdminService.DrainPolicyReplica": "policies drain staff 127.0.0.1:7000",
    "PolicyAdminService.ResumePolicyReplica": "policies resume staff 127.0.0.1:7000",
    "PolicyAdminService.EvaluateDecision": "policies evaluate --instance office --cn alice",
    "RecordingService.RecordDecisions": "record --count 1 FILE",
    "SessionService.GetSession": "sessions show 1",
    "SessionService.ListSessions": "sessions",
    "SessionService.WatchSessions": "events --sessions",
    "SessionService.KillSession": "kill --uid 1",
    "SessionService.KillSessions": "kill --user alice --yes",
    "ShadowService.ListShadows": "shadow",
    "ShadowService.ListShadowDifferences": "shadow differences",
}


def methods() -> list[str]:
    """SERVICE.METHOD of all admin services, as the contracts say."""
    found = []
    for path in sorted(PROTO.glob("*.proto")):
        service = ""
        for line in path.read_text().splitlines():
            if match := re.match(r"service (\w+) \{", line):
                service = match[1]
            elif match := re.match(r"  rpc (\w+)\(", line):
                found.append(f"{service}.{match[1]}")
    return found


class Notes(grpc.GenericRpcHandler):
    """Answers every call with one empty message, and notes which it was. Lists have one entry, so that verbs that look
    before they act go on."""

    def __init__(self) -> None:
        self.called: set[str] = set()
        self.lock = threading.Lock()

    def service(self, details: Any) -> Any:
        name = details.method.removeprefix("/ovpnbroker.admin.v1.").replace("/", ".")
        with self.lock:
            self.called.add(name)
        # Field 1, a message without content: one session, one instance, one policy...
        answer = b"\x0a\x00" if ".List" in name or ".Get" in name else b""

        def stream(request: bytes, context: grpc.ServicerContext) -> Any:
            yield answer

        def unary(request: bytes, context: grpc.ServicerContext) -> bytes:
            return answer

        if re.search(r"\.(Watch|Tail|Record)", name):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


def test_the_table_names_every_method_and_no_other() -> None:
    assert len(methods()) > 20
    assert [method for method in methods() if method not in TABLE] == []


@pytest.mark.parametrize("method", methods())
def test_verb_calls_its_method(tmp_path: Path, method: str) -> None:
    notes = Notes()
    server = grpc.server(futures.ThreadPoolExecutor(4), handlers=(notes,))
    socket = tmp_path / "s"
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    try:
        words = TABLE[method].replace("FILE", str(tmp_path / "recording")).split()
        run = subprocess.run(
            [str(build_directory() / "server" / "ctl" / "ovpn-brokerctl"), *words],
            env={"PATH": os.environ["PATH"], "OVPN_BROKER_SOCKET": str(socket)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEFAULT_DEADLINE,
            check=False,
        )
    finally:
        server.stop(0)
    assert method in notes.called, f"{words}: {notes.called}; {run.stdout}{run.stderr}"
