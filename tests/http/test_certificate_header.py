"""A trusted proxy that has ended TLS passes on what its client has shown; nobody else is believed."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from ssl import PEM_cert_to_DER_cert
from typing import Final
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from hypothesis import given
from hypothesis import strategies as st

from tests.http.authority import Authority
from tests.http.http2_client import request
from tests.http.listening import HOST, Served, listening
from tests.support.client_authority import AFTER, ClientAuthority
from tests.support.http2.frames import HEADERS
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.proxies.certificate_header import LONGEST, certificate_in
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.model.client_certificate import MOST_NAMES, ClientCertificate

CLIENTS: Final = ClientAuthority()
URI: Final = "spiffe://x/Mail"
SHOWN: Final = CLIENTS.issue(
    [x509.DNSName("Mail.internal"), x509.UniformResourceIdentifier(URI), x509.RFC822Name("a@b.c")]
)
KNOWN: Final = ClientCertificate(
    thumbprint=SHOWN.thumbprint,
    dns_names=("mail.internal",),
    uris=(URI,),
    expire_time=int(AFTER.timestamp()) * 1000,
)
HEADER: Final = b"client-cert"


def base64(pem: bytes) -> bytes:
    return b64encode(PEM_cert_to_DER_cert(pem.decode()))


def byte_sequence(pem: bytes) -> bytes:
    """What RFC 9440 has."""
    return b":%s:" % base64(pem)


FORMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "RFC 9440": byte_sequence,
    "base64": base64,
    "escaped PEM": lambda pem: quote(pem, safe="").encode(),
    "escaped PEM with what leads to its authority": lambda pem: quote(pem + CLIENTS.pem).encode(),
    "escaped PEM, but for what a header may have": lambda pem: quote(pem, safe="-+/= ").encode(),
}


def of(*values: bytes) -> ClientCertificate | None:
    return certificate_in([(b"other", b"x"), *((HEADER, value) for value in values)], HEADER)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_is_read(form: Callable[[bytes], bytes]) -> None:
    assert of(form(SHOWN.certificate)) == KNOWN
    nameless = CLIENTS.issue([])
    found = of(form(nameless.certificate))
    assert found is not None
    assert list(found.names) == [f"x5t#S256:{nameless.thumbprint}"]


GOOD: Final = byte_sequence(SHOWN.certificate)
NO_TEXT: Final = x509.UnrecognizedExtension(
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x04\x82\x02\xff\xfe"
)
MANY: Final = CLIENTS.dns(*(f"name-{number}.test" for number in range(MOST_NAMES + 1)))


@pytest.mark.parametrize(
    "values",
    [
        (),
        (b"",),
        (b"::",),
        (b":",),
        (GOOD, GOOD),
        (GOOD + b", " + GOOD,),
        (GOOD[:-20],),
        (GOOD[:-1],),
        (b"%3A" + GOOD[1:],),
        (quote(SHOWN.certificate[:-30]).encode(),),
        (b"-----BEGIN %FF",),
        (quote(SHOWN.key).encode(),),
        (byte_sequence(MANY.certificate),),
        (byte_sequence(CLIENTS.with_extension(NO_TEXT).certificate),),
        (quote(SHOWN.certificate + b"\n" * LONGEST).encode(),),
    ],
)
def test_what_cannot_be_read_is_none(values: tuple[bytes, ...]) -> None:
    assert of(*values) is None


@given(st.binary(max_size=200) | st.binary(max_size=200).map(b64encode))
def test_any_bytes_are_none(value: bytes) -> None:
    assert of(value) is None
    assert of(b"-----BEGIN CERTIFICATE-----" + value) is None


class Door:
    """A server that answers with nothing, and keeps what it knows of who asks."""

    def __init__(self) -> None:
        self.seen: list[ClientCertificate | None] = []

    async def handle(self, exchange: Exchange) -> None:
        self.seen.append(exchange.client_certificate)
        exchange.respond(200, (), end=True)

    async def ask(self, served: Served, *headers: tuple[bytes, bytes]) -> ClientCertificate | None:
        """Return what it knows of who sends these headers, by either version alike."""
        client = await served.connect()
        client.say(request(1, headers=headers))
        await client.until(HEADERS, 1)
        reader, writer = await served.open()
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        writer.write(b"GET / HTTP/1.0\r\n%s\r\n" % lines)
        await reader.read()
        http2, http1 = self.seen[-2:]
        assert http1 == http2
        return http1


def proxies(header: str = HEADER.decode(), network: str = HOST) -> TrustedProxies:
    return TrustedProxies.of([network], header="x-forwarded-for", certificate_header=header)


async def test_a_trusted_proxy_is_believed_with_each_request() -> None:
    door = Door()
    async with listening(door.handle, proxies=proxies()) as served:
        assert await door.ask(served, (HEADER, GOOD)) == KNOWN
        assert await door.ask(served) is None
        assert await door.ask(served, (HEADER, GOOD), (HEADER, GOOD)) is None


@pytest.mark.parametrize("trusted", [None, proxies(network="192.0.2.1"), proxies(""), proxies("x-cert")])
async def test_nobody_else_is(trusted: TrustedProxies | None) -> None:
    door = Door()
    async with listening(door.handle, proxies=trusted) as served:
        assert await door.ask(served, (HEADER, GOOD)) is None


@pytest.mark.parametrize(("trusted", "known"), [(None, True), (proxies(), False), (proxies(""), False)])
async def test_what_a_proxy_shows_is_not_its_clients(
    tmp_path: Path, trusted: TrustedProxies | None, known: bool
) -> None:
    """One that speaks TLS to the server, and shows a certificate of its own, does not lend it to who asks."""
    (tmp_path / "clients.pem").write_bytes(CLIENTS.pem)
    authority, door = Authority(tmp_path, tmp_path / "clients.pem"), Door()
    async with listening(door.handle, certificate=authority.certificate, proxies=trusted) as served:
        reader, writer = await served.open(tls=SHOWN.use(authority.client("http/1.1"), tmp_path))
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        await reader.read()
    assert door.seen == [KNOWN if known else None]
