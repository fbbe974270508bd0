"""An OpenVPN server as it stands in /etc/openvpn/server before anybody thinks of a broker, and its clients."""

from pathlib import Path

from clean_root import CleanRoot
from harness.namespace import next_port
from harness.openvpn_client import CONNECTED, RESTARTING, OpenvpnClient
from harness.pki import Pki
from harness.server_config import ServerConfig
from harness.timing import wait_until

CONFIG = "/etc/openvpn/server/office.conf"
KEY = "/etc/openvpn/server/server.key"
OLD_UNIT = "openvpn-server@office"
_LINES = """\
dev tun
topology subnet
server 10.9.0.0 255.255.255.0
proto tcp-server
local 127.0.0.1
port {port}
dh none
ca ca.crt
cert server.crt
key server.key
keepalive 2 10
disable-dco
"""
# What a server without passwords needs once the broker asks about its clients; alone, OpenVPN refuses it.
OPTIONAL = "auth-user-pass-optional\n"
# What must go before the service can start it.
USER = "user nobody\n"


def cuts(client: OpenvpnClient) -> list[str]:
    """Why the client, once connected, began again. Before, it tries until the server listens."""
    events = client.events.all()
    connected = next(place for place, event in enumerate(events) if event.kind == CONNECTED)
    return [event.text for event in events[connected:] if event.kind == RESTARTING]


class Office:
    def __init__(self, root: CleanRoot, pki: Pki, folder: Path, extra: str = OPTIONAL):
        self._root = root
        self._pki = pki
        self._folder = folder
        self._clients: list[OpenvpnClient] = []
        self._server = ServerConfig("office", pki, folder, proto="tcp", port=next_port())
        self._config = root.path(CONFIG)
        self._config.write_text(_LINES.format(port=self._server.port) + extra)
        for name, source in {
            "ca.crt": pki.ca,
            "server.crt": pki.server.certificate,
            "server.key": pki.server.key,
        }.items():
            (self._config.parent / name).write_bytes(source.read_bytes())
        root.path(KEY).chmod(0o600)

    def give_key(self) -> None:
        """To the service, as the documents say."""
        self._root.run("chgrp", "ovpn-broker", KEY)
        self._root.run("chmod", "g+r", KEY)

    def add(self, line: str) -> None:
        self._config.write_text(self._config.read_text() + line)

    def drop(self, line: str) -> None:
        self._config.write_text(self._config.read_text().replace(line, ""))

    def connect(self, name: str) -> OpenvpnClient:
        folder = self._folder / f"client-{len(self._clients)}"
        client = OpenvpnClient(self._server, self._pki, self._pki.client(name), folder)
        self._clients.append(client)
        client.wait_connected()
        # The client knows before the broker does, and a broker that ends in between leaves a session that nobody judged.
        wait_until(lambda: self._is_established(name), f"ESTABLISHED session of {name}")
        return client

    def _is_established(self, name: str) -> bool:
        shown = self._root.run("ovpn-brokerctl", "sessions", "--cn", name, check=False).stdout
        return "ESTABLISHED" in shown

    def close(self) -> None:
        for client in self._clients:
            client.process.kill()
