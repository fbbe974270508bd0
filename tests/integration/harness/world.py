"""Everything of one test: its folder, servers, policy, broker and clients, and their end."""

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from harness.broker import Broker, plain_yaml
from harness.client_management import ClientManagement
from harness.openvpn_client import OpenvpnClient
from harness.pki import Certificate, Pki
from harness.policy_server import ScriptedPolicy
from harness.server_config import ServerConfig


def processes_mentioning(text: str) -> dict[int, str]:
    """Running processes, zombies not counted, whose command line has `text` in it."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found[int(entry.name)] = command
    return found


class World:
    """Made for one test by the fixture `world`. The folder's path is short: sockets live in it."""

    def __init__(self, pki: Pki):
        self.pki = pki
        self.folder = Path(tempfile.mkdtemp(prefix="ovb-"))
        self.brokers: list[Broker] = []
        self.clients: list[OpenvpnClient] = []
        self.policies: list[ScriptedPolicy] = []
        self.open_files: list[Any] = []

    # --- parts -------------------------------------------------------------------------------

    def server(self, name: str = "office", **options: Any) -> ServerConfig:
        config = ServerConfig(name, self.pki, self.folder, **options)
        config.write()
        return config

    def policy(
        self, decide: Any, *, start: bool = True, tls_address: str | None = None
    ) -> ScriptedPolicy:
        """On a unix socket, or with mutual TLS on a TCP address. Port 0 is one of the system's choice."""
        policy = ScriptedPolicy(
            tls_address or f"unix:{self.folder / f'policy-{len(self.policies)}.sock'}",
            decide,
            tls=(self.pki.server, self.pki.ca) if tls_address else None,
        )
        self.policies.append(policy)
        return policy.start() if start else policy

    def client_tls(self) -> dict[str, str]:
        """The `tls` section of a broker whose policies listen with TLS."""
        own = self.pki.client("broker")
        return {
            "ca": str(self.pki.ca),
            "certificate": str(own.certificate),
            "key": str(own.key),
            "server_name": "server",
        }

    def rules_file(self, rules: list[dict[str, Any]], name: str = "rules.yaml") -> Path:
        path = self.folder / name
        path.write_text(plain_yaml({"rules": rules}))
        return path

    def broker(
        self,
        servers: ServerConfig | list[ServerConfig],
        judge: ScriptedPolicy | Path,
        *,
        start: bool = True,
        remote: dict[str, Any] | None = None,
        rules: dict[str, Any] | None = None,
        **instance_options: Any,
    ) -> Broker:
        """A broker that owns `servers`; `judge` is a policy, with more `remote` options, or a rules file or
        client-config-dir, with more `rules` options."""
        if isinstance(judge, Path):
            source = {"ccd" if judge.is_dir() else "file": str(judge)}
            policy: dict[str, Any] = {"name": "judge", "rules": source | (rules or {})}
        else:
            policy = {
                "name": "judge",
                "remote": {"addresses": [judge.address], "max_backoff": "500ms"} | (remote or {}),
            }
        instances = [
            {"name": server.name, "config": str(server.path), "policy": "judge"} | instance_options
            for server in (servers if isinstance(servers, list) else [servers])
        ]
        folder = self.folder / f"broker-{len(self.brokers)}"
        folder.mkdir()
        broker = Broker(folder, {"policies": [policy], "instances": instances})
        self.brokers.append(broker)
        if start:
            broker.start()
            for instance in instances:
                broker.wait_instance(instance["name"], "RUNNING")
        return broker

    def client(
        self,
        server: ServerConfig,
        name: str,
        *,
        certificate: Certificate | None = None,
        **options: Any,
    ) -> OpenvpnClient:
        folder = self.folder / f"client-{len(self.clients)}"
        certificate = certificate or self.pki.client(name)
        client = OpenvpnClient(server, self.pki, certificate, folder, **options)
        self.clients.append(client)
        return client

    def client_management(self, **options: Any) -> ClientManagement:
        """For a client's `extra` options."""
        management = ClientManagement(self.folder, **options)
        self.open_files.append(management)
        return management

    # --- end ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends all that is left, in whatever state the test left it."""
        for client in self.clients:
            client.process.kill()
        for broker in self.brokers:
            if broker.process is not None:
                broker.process.stop()
        for policy in self.policies:
            policy.stop()
        for held in self.open_files:
            held.close()
        for pid in processes_mentioning(str(self.folder)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not os.environ.get("OVPNBROKER_KEEP_TEST_FILES"):
            shutil.rmtree(self.folder)

    def report(self) -> list[tuple[str, str]]:
        """Titles and texts for the report of a failed test."""
        parts = [
            (f"log of {broker.folder.name}", broker.process.tail(120))
            for broker in self.brokers
            if broker.process
        ]
        parts += [(client.process.name, client.process.tail(40)) for client in self.clients[:6]]
        return parts
