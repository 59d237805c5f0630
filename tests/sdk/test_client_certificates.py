"""A server that asks who connects: whoever shows a certificate that it trusts gets in."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.commands.unisono import Cli
from tests.sdk.backoffs import IMPATIENT, QUICK
from tests.sdk.device_script import LIVE, TOKEN, laptop, scripted_streams
from tests.sdk.test_tls import AUTHORITY, HOST, OTHER, ROOT
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer, scripted
from unisono.client import (
    Backoff,
    BlockingPublisher,
    ConnectionOptions,
    Publisher,
    Status,
    TlsFailed,
    Unavailable,
)
from unisono.client._wire.address import Address
from unisono.v1.feed_service_pb2 import GetFeedRequest, GetFeedResponse
from unisono.v1.notification_service_pb2 import ListNotificationsRequest, ListNotificationsResponse


def shown(authority: trustme.CA = AUTHORITY) -> ConnectionOptions:
    """The options of a client whose certificate is of this authority."""
    issued = authority.issue_cert("backend.test")
    return ConnectionOptions(
        root_certificates=ROOT,
        client_certificate=issued.cert_chain_pems[0].bytes(),
        client_key=issued.private_key_pem.bytes(),
    )


@pytest.fixture
async def asking() -> AsyncIterator[StubServer]:
    """A server that asks for a certificate of its authority."""
    issued = AUTHORITY.issue_cert(HOST)
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], ROOT, require_client_auth=True)
    async with scripted(credentials=credentials) as script:

        async def get_feed(_: GetFeedRequest) -> GetFeedResponse:
            return GetFeedResponse(last_revision=7)

        async def list_notifications(_: ListNotificationsRequest) -> ListNotificationsResponse:
            return ListNotificationsResponse()

        script.answer("GetFeed", get_feed)
        script.answer("ListNotifications", list_notifications)
        script.stream("Subscribe", scripted_streams(LIVE))
        yield script


async def revision(target: str, options: ConnectionOptions, *, backoff: Backoff = QUICK) -> int:
    async with Publisher(target, TOKEN, timeout=TIMEOUT, backoff=backoff, **options) as publisher:
        return (await publisher.get_feed("ada")).last_revision


async def test_whoever_shows_one_gets_in(asking: StubServer) -> None:
    options = shown()
    assert await revision(asking.target, options) == 7
    with BlockingPublisher(asking.target, TOKEN, **options) as publisher:
        assert (await asyncio.to_thread(publisher.get_feed, "ada")).last_revision == 7
    async with laptop(asking.target, **options) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)


@pytest.mark.parametrize("options", [ConnectionOptions(root_certificates=ROOT), shown(OTHER)])
async def test_whoever_shows_none_or_another_does_not(asking: StubServer, options: ConnectionOptions) -> None:
    """With TLS 1.3 the server hangs up without a word."""
    with pytest.raises(Unavailable, match="failed to connect"):
        await revision(asking.target, options, backoff=IMPATIENT)


@pytest.mark.parametrize("options", [ConnectionOptions(root_certificates=ROOT), shown(OTHER)])
async def test_an_older_tls_says_why(options: ConnectionOptions) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    AUTHORITY.issue_cert(HOST).configure_cert(context)
    AUTHORITY.configure_trust(context)
    with socket.create_server((HOST, 0)) as listening:
        refusing = asyncio.create_task(asyncio.to_thread(refuse_one, listening, context))
        with pytest.raises(TlsFailed, match="client_certificate and client_key must be of") as raised:
            await revision(f"{HOST}:{listening.getsockname()[1]}", options)
        await refusing
    assert raised.value.metadata == {"problem": "CLIENT_CERTIFICATE_REFUSED"}


def refuse_one(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


def bad(**changes: bytes | None) -> ConnectionOptions:
    return {**shown(), **changes}  # type: ignore[typeddict-item]  # names of its keys


def encrypted(key: bytes) -> bytes:
    secret = BestAvailableEncryption(b"secret")
    return load_pem_private_key(key, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


KEY = shown()["client_key"] or b""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (bad(client_key=None), "client_key: must be given together with client_certificate"),
        (bad(client_certificate=None), "client_certificate: must be given together with client_key"),
        (bad(client_certificate=b"junk"), "client_certificate: must be a certificate in PEM"),
        (bad(client_certificate=KEY), "client_certificate: must be a certificate in PEM"),
        (bad(client_key=b"junk"), "client_key: must be a key without a password in PEM"),
        (bad(client_key=encrypted(KEY)), "client_key: must be a key without a password in PEM"),
    ],
)
def test_what_cannot_be_shown(options: ConnectionOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        Publisher("127.0.0.1:1", TOKEN, **options)
    assert "BEGIN" not in str(raised.value)
    with pytest.raises(TypeError, match="client_key: must be a bytes or None"):
        Publisher("127.0.0.1:1", TOKEN, client_key="key.pem")  # type: ignore[arg-type]


def test_the_key_is_in_no_text() -> None:
    assert "BEGIN" not in repr(Address(target="127.0.0.1:1", **shown()))


async def test_the_command_shows_one(asking: StubServer, tmp_path: Path) -> None:
    options = shown()
    files = {name: tmp_path / f"{name}.pem" for name in options}
    for name, file in files.items():
        file.write_bytes(options[name])  # type: ignore[literal-required]  # its own keys
    variables = {f"UNISONO_{name.upper()}": str(file) for name, file in files.items()}
    app = Cli(asking.target, TOKEN)

    # When it is named in the environment, or by options, then the server is reached
    asked = await asyncio.to_thread(app.run, "list", "--user=ada", **variables)
    named = [f"--{name.replace('_', '-')}={file}" for name, file in files.items()]
    asked_again = await asyncio.to_thread(app.run, "list", "--user=ada", *named)
    for ended in (asked, asked_again):
        assert ended.returncode == 0, ended.stderr

    # And where the key is missing, that is said by the name of its option
    del variables["UNISONO_CLIENT_KEY"]
    ended = await asyncio.to_thread(app.run, "list", "--user=ada", **variables)
    assert ended.returncode == 2
    assert "Error: --client-key: must be given together with --client-certificate" in ended.stderr
