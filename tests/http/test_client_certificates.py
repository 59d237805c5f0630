"""Who shows a certificate of a trusted authority is known by it, and who shows another is not let in."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from structlog.testing import capture_logs

from tests.http.authority import Authority
from tests.http.listening import Served, come_true, kept, listening
from tests.support.client_authority import AFTER, ClientAuthority, Shown, self_signed
from tests.support.http2.frames import HEADERS
from unisono.server.api import sampling
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.tls.client_certificates import RefusalLog
from unisono.server.api.sampling import MAX_LINES
from unisono.server.model.client_certificate import MOST_NAMES, ClientCertificate

CLIENTS: Final = ClientAuthority()
OTHERS: Final = ClientAuthority("Others")

MAIL: Final = CLIENTS.dns("Mail.backend.internal", common_name="chat.backend.internal")

VERSIONS: Final = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


class Door:
    """A server that asks for certificates of those in `file`, and answers with what it knows of who comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "clients.pem"
        self.file.write_bytes(CLIENTS.pem)
        self.authority = Authority(folder, self.file)
        self.seen: list[ClientCertificate | None] = []
        self.served: Served

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange.client_certificate)
        exchange.respond(200, (), end=True)

    def context(self, shown: Shown | None, version: ssl.TLSVersion = VERSIONS[1]) -> ssl.SSLContext:
        context = self.authority.client("http/1.1")
        context.minimum_version = context.maximum_version = version
        return context if shown is None else shown.use(context, self.folder)

    async def ask(
        self, shown: Shown | None, version: ssl.TLSVersion = VERSIONS[1]
    ) -> ClientCertificate | None:
        """Return what the server knows of who shows this; raises `ssl.SSLError` for who is not let in."""
        reader, writer = await self.served.open(tls=self.context(shown, version))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        if not answer:
            raise ConnectionResetError
        return self.seen[-1]


@pytest_asyncio.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(tmp_path)
    async with listening(door.handle, certificate=door.authority.certificate) as door.served:
        yield door


@pytest.mark.parametrize("version", VERSIONS)
async def test_who_shows_one_is_known_by_it(door: Door, version: ssl.TLSVersion) -> None:
    known = await door.ask(MAIL, version)
    assert known == ClientCertificate(
        thumbprint=MAIL.thumbprint,
        dns_names=("mail.backend.internal",),
        expire_time=int(AFTER.timestamp()) * 1000,
    )


async def test_all_names_count_but_the_subject(door: Door) -> None:
    names = [
        x509.DNSName("a.test"),
        x509.UniformResourceIdentifier("spiffe://Mail/x"),
        x509.RFC822Name("a@b.c"),
    ]
    shown = CLIENTS.issue([*names, x509.DNSName("*.b.test")])
    known = await door.ask(shown)
    assert known is not None
    assert list(known.names) == [
        f"x5t#S256:{shown.thumbprint}",
        "dns:a.test",
        "dns:*.b.test",
        "uri:spiffe://Mail/x",
    ]
    nameless = CLIENTS.issue([])
    known = await door.ask(nameless)
    assert known is not None
    assert list(known.names) == [f"x5t#S256:{nameless.thumbprint}"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_who_shows_none_gets_in_as_ever(door: Door, version: ssl.TLSVersion) -> None:
    assert await door.ask(None, version) is None


async def test_who_is_not_asked_shows_none(tmp_path: Path) -> None:
    door = Door(tmp_path)
    door.authority = Authority(tmp_path)
    async with listening(door.handle, certificate=door.authority.certificate) as door.served:
        assert await door.ask(MAIL) is None


REFUSED = {
    "of another authority, with the same name": (OTHERS.dns("mail.backend.internal"), "unable to get local"),
    "of another authority that calls itself the same": (
        ClientAuthority().dns("mail.backend.internal"),
        "certificate signature failure",
    ),
    "of nobody": (self_signed("mail.backend.internal"), "self-signed certificate"),
    "expired": (
        CLIENTS.dns("mail.backend.internal", until=datetime(2021, 1, 1, tzinfo=UTC)),
        "certificate has expired",
    ),
    "of a server": (
        CLIENTS.with_extension(
            x509.SubjectAlternativeName([x509.DNSName("mail.backend.internal")]),
            usage=ExtendedKeyUsageOID.SERVER_AUTH,
        ),
        "suitable certificate purpose",
    ),
    "with too many names": (
        CLIENTS.dns(*(f"name-{number}.test" for number in range(MOST_NAMES + 1))),
        f"it has {MOST_NAMES + 1} names; at most {MOST_NAMES} are allowed",
    ),
    "with a name that is no text": (
        CLIENTS.with_extension(
            x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x04\x82\x02\xff\xfe")
        ),
        "it has a name that is no text",
    ),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("shown", "why"), REFUSED.values(), ids=REFUSED)
async def test_who_shows_a_bad_one_is_not_let_in(
    door: Door, shown: Shown, why: str, version: ssl.TLSVersion
) -> None:
    with capture_logs() as logs:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await door.ask(shown, version)
        assert not door.seen
    (line,) = kept(logs, "client certificate refused")
    assert why in line["error"]
    assert line["log_level"] == "info"


def test_the_log_has_so_many_of_them_in_a_second() -> None:
    async def refuse() -> None:
        refusals = RefusalLog(lambda: 7.0)
        for _ in range(MAX_LINES + 3):
            refusals.refused("why")
        await come_true(lambda: kept(logs, "lines left out"))

    with capture_logs() as logs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "_PAUSE", 0)
        asyncio.run(refuse())
    assert len(kept(logs, "client certificate refused")) == MAX_LINES
    assert [entry["count"] for entry in kept(logs, "lines left out")] == [3]


async def test_other_authorities_count_for_those_who_come_then(door: Door) -> None:
    # Given one who is there
    reader, writer = await door.served.open(tls=door.context(MAIL))
    # When the file has another authority
    door.file.write_bytes(OTHERS.pem)
    # Then that one's clients get in, and those of the one before do not any more
    other = OTHERS.dns("mail.backend.internal")
    known = await door.ask(other)
    assert known is not None
    assert known.thumbprint == other.thumbprint
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door.ask(MAIL)
    # And who was there is known by what it has shown
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    assert door.seen[-1] is not None
    assert door.seen[-1].thumbprint == MAIL.thumbprint


async def test_authorities_are_renewed_while_clients_come_and_ask(door: Door) -> None:
    # Given some who are there
    context = door.context(MAIL)
    context.set_alpn_protocols(["h2"])
    staying = [await door.served.connect(tls=context) for _ in range(5)]
    other = OTHERS.dns("mail.backend.internal")
    for number in range(8):
        authority, good, bad = ((OTHERS, other, MAIL), (CLIENTS, MAIL, other))[number % 2]
        # When the file is overwritten while both kinds connect
        meanwhile = [asyncio.create_task(door.ask(shown)) for shown in (good, bad) * 5]
        await asyncio.sleep(0)
        door.file.write_bytes(authority.pem)
        # Then those are known by what they show, or refused
        for result in await asyncio.gather(*meanwhile, return_exceptions=True):
            assert isinstance(result, ClientCertificate | ssl.SSLError | ConnectionError)
        shown = {known and known.thumbprint for known in door.seen}
        assert shown <= {MAIL.thumbprint, other.thumbprint}
        # And who comes afterwards is known, if it is one of that authority
        known = await door.ask(good)
        assert known is not None
        assert known.thumbprint == good.thumbprint
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await door.ask(bad)
        # And who was there is known by what it has shown
        for client in staying:
            door.seen.clear()
            client.ask(2 * number + 1)
            await client.until(HEADERS, 2 * number + 1)
            assert door.seen[-1] is not None
            assert door.seen[-1].thumbprint == MAIL.thumbprint


@pytest.mark.parametrize("content", [b"", CLIENTS.pem[:-30], OTHERS.pem + CLIENTS.pem[:-30]])
async def test_until_the_file_is_whole_the_old_one_counts(door: Door, content: bytes) -> None:
    door.file.write_bytes(content)
    assert await door.ask(MAIL) is not None
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door.ask(OTHERS.dns("x.test"))


async def test_one_of_the_file_need_not_be_a_root(door: Door) -> None:
    """It is an authority below another, whose other clients are strangers, or one that vouches for itself."""
    below, itself = ClientAuthority("below", CLIENTS), self_signed("x.test")
    door.file.write_bytes(below.pem + itself.certificate)
    for shown in (below.dns("mail.backend.internal"), itself):
        known = await door.ask(shown)
        assert known is not None
        assert known.thumbprint == shown.thumbprint
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await door.ask(MAIL)


@pytest.mark.parametrize("version", VERSIONS)
async def test_who_resumes_a_session_is_known_still_while_the_authority_is(
    door: Door, version: ssl.TLSVersion
) -> None:
    context = door.context(MAIL, version)
    first, _ = await asyncio.to_thread(_visit, door, context, None)
    session, is_resumed = await asyncio.to_thread(_visit, door, context, first)
    assert is_resumed
    assert [known is not None and known.thumbprint for known in door.seen] == [MAIL.thumbprint] * 2
    # When the authority is trusted no more, a session is no way in
    door.file.write_bytes(OTHERS.pem)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.to_thread(_visit, door, context, session)
    assert len(door.seen) == 2


def _visit(
    door: Door, context: ssl.SSLContext, session: ssl.SSLSession | None
) -> tuple[ssl.SSLSession | None, bool | None]:
    """Ask with a session, on a socket that blocks: those of asyncio resume none. Return the next one."""
    with (
        socket.create_connection(("127.0.0.1", door.served.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        if not connection.recv(1024):
            raise ConnectionResetError
        while connection.recv(1024):
            pass
        return connection.session, connection.session_reused
