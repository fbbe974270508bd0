"""Who may do what: two unix sockets by file mode, and TCP where the certificate's names are granted roles."""

import os
import pwd
import stat
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness.admin_tcp import broker_on_tcp
from harness.pki import Certificate, Pki
from harness.timing import DEFAULT_DEADLINE
from harness.world import World

OPERATOR = "URI:spiffe://corp/ops/alice"
VIEWER = "DNS:screen.example.net"


@pytest.fixture
def office(world: World) -> Any:
    """A broker whose admin API listens on TCP as well."""
    roles = [
        {"san": "uri:spiffe://corp/ops/*", "role": "operator"},
        {"san": "dns:screen.example.net", "role": "viewer"},
    ]
    audit = {"file": str(world.folder / "audit.log")}
    broker, broker.admin_port = broker_on_tcp(world, "admin", roles, audit=audit)
    return broker


def call(channel: grpc.Channel, method: str, request: Any) -> grpc.StatusCode:
    """The status of SessionService.METHOD."""
    from ovpnbroker.admin.v1 import session_service_pb2_grpc as services

    try:
        getattr(services.SessionServiceStub(channel), method)(request, timeout=DEFAULT_DEADLINE)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def list_and_kill(channel: grpc.Channel) -> tuple[grpc.StatusCode, grpc.StatusCode]:
    from ovpnbroker.admin.v1 import session_service_pb2 as messages

    return (
        call(channel, "ListSessions", messages.ListSessionsRequest()),
        call(channel, "KillSessions", messages.KillSessionsRequest(username="nobody", reason="x1")),
    )


def tls_channel(broker: Any, pki: Pki, certificate: Certificate | None) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(
        pki.ca.read_bytes(),
        certificate.key.read_bytes() if certificate else None,
        certificate.certificate.read_bytes() if certificate else None,
    )
    options = [
        ("grpc.ssl_target_name_override", "localhost"),
        ("grpc.use_local_subchannel_pool", 1),
    ]
    return grpc.secure_channel(f"127.0.0.1:{broker.admin_port}", credentials, options)


OK, DENIED = grpc.StatusCode.OK, grpc.StatusCode.PERMISSION_DENIED


def test_viewer_socket_shows_and_changes_nothing(world: World, office: Any) -> None:
    viewer_socket = office.runtime_directory / "viewer.sock"
    assert stat.S_IMODE(viewer_socket.stat().st_mode) == 0o660
    with grpc.insecure_channel(f"unix:{viewer_socket}") as channel:
        assert list_and_kill(channel) == (OK, DENIED)
    record = office.wait_log("AUDIT", role="viewer")
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert record.fields["caller"] == f"unix:uid={os.geteuid()}({user}),pid={os.getpid()}"
    assert record.fields["reason"] == "x1"
    assert record.fields["outcome"] == "failed"

    with grpc.insecure_channel(f"unix:{office.admin_socket}") as channel:
        assert list_and_kill(channel) == (OK, OK)
    assert office.wait_log("AUDIT", role="admin").fields["outcome"] == "ok"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((OPERATOR,), (OK, OK)),
        ((VIEWER,), (OK, DENIED)),
        (("URI:spiffe://corp/ops-intern/eve",), (DENIED, DENIED)),
        ((VIEWER, OPERATOR), (OK, OK)),
        ((), (DENIED, DENIED)),
    ],
)
def test_certificate_names_give_roles(
    world: World, office: Any, names: tuple[str, ...], expected: tuple[Any, Any]
) -> None:
    # The common name promises much and counts for nothing.
    certificate = world.pki.issue("spiffe://corp/ops/alice", "clientAuth", names=names)
    with tls_channel(office, world.pki, certificate) as channel:
        assert list_and_kill(channel) == expected
    text = (world.folder / "audit.log").read_text()
    for name in names:
        assert name.split(":", 1)[1] in text


def test_without_a_certificate_or_with_a_strange_one_nobody_gets_in(
    world: World, office: Any, tmp_path: Path
) -> None:
    strangers = Pki(tmp_path / "strangers")
    for certificate in (None, strangers.issue("eve", "clientAuth", names=(OPERATOR,))):
        with tls_channel(office, world.pki, certificate) as channel:
            assert list_and_kill(channel) == (grpc.StatusCode.UNAVAILABLE,) * 2
    with grpc.insecure_channel(f"127.0.0.1:{office.admin_port}") as channel:
        assert list_and_kill(channel) == (grpc.StatusCode.UNAVAILABLE,) * 2


def test_rotated_server_certificate_is_served(world: World, office: Any) -> None:
    tcp = office.config_values["admin"]["tcp"]
    renewed = world.pki.issue("renewed", "serverAuth", names=("DNS:renewed.example.net",))
    Path(tcp["certificate"]).write_bytes(renewed.certificate.read_bytes())
    Path(tcp["private_key"]).write_bytes(renewed.key.read_bytes())
    client = world.pki.issue("ops", "clientAuth", names=(OPERATOR,))
    credentials = grpc.ssl_channel_credentials(
        world.pki.ca.read_bytes(), client.key.read_bytes(), client.certificate.read_bytes()
    )
    deadline = time.monotonic() + DEFAULT_DEADLINE
    while True:
        # Only the renewed certificate has this name.
        options = [
            ("grpc.ssl_target_name_override", "renewed.example.net"),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        with grpc.secure_channel(f"127.0.0.1:{office.admin_port}", credentials, options) as channel:
            if list_and_kill(channel) == (OK, OK):
                return
        assert time.monotonic() < deadline, "the renewed certificate was never served"


def test_a_second_broker_leaves_the_sockets_alone(world: World, office: Any) -> None:
    office_process = office.process
    log_before = office.events
    office.start()  # a second one on the same directory
    refused = office.wait_log("BROKER_NOT_STARTED")
    assert str(office.runtime_directory) in refused.message
    assert office.process.wait_exit() != 0
    office.process, office.events = office_process, log_before
    for name in ("admin.sock", "viewer.sock"):
        with grpc.insecure_channel(f"unix:{office.runtime_directory / name}") as channel:
            assert list_and_kill(channel)[0] == OK


def test_sockets_of_a_broker_that_was_killed_are_taken_over(world: World, office: Any) -> None:
    office.kill()
    office.process.wait_exit()
    assert (office.runtime_directory / "viewer.sock").exists()
    office.start()
    office.wait_instance("office", "RUNNING")
    for name in ("admin.sock", "viewer.sock"):
        with grpc.insecure_channel(f"unix:{office.runtime_directory / name}") as channel:
            assert list_and_kill(channel)[0] == OK
