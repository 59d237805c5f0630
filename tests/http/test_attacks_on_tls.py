"""Known attacks on what encrypts: they cost no more than what comes in the clear, and hold up nobody."""

import ssl
from pathlib import Path
from typing import Final

import pytest

from tests.http.authority import Authority
from tests.http.handshake_steps import HandshakeSteps
from tests.http.listening import come_true, echo, listening
from tests.http.openssl_client import NEGOTIATE, openssl_client
from tests.http.raw_tls import RawTls
from tests.support.proxies import proxied
from unisono.server.api.http.http1_connection import Http1Connection
from unisono.server.api.http.tls.contexts import Contexts
from unisono.server.api.http.tls.records import AT_ONCE, RECORD, Records
from unisono.server.api.http.tls.transport import MOST_EMPTY

#: SSL_OP_ALLOW_CLIENT_RENEGOTIATION: since version 3 OpenSSL forbids by itself what those before allow.
ALLOWED_BY_OPENSSL: Final = 1 << 8

SAID: Final = b"byte by byte " * 300


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


async def test_records_of_one_byte_are_taken_together(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given how often the connection is given something
    times, receive = [0], Http1Connection.data_received

    def counted(connection: Http1Connection, data: bytes) -> None:
        times[0] += 1
        receive(connection, data)

    monkeypatch.setattr(Http1Connection, "data_received", counted)
    async with listening(echo, certificate=authority.certificate) as served:
        client = RawTls(authority.client("http/1.1"), *await served.open())
        await client.shake_hands()
        # When a request comes in thousands of records
        client.say_each(b"POST / HTTP/1.0\r\ncontent-length: %d\r\n\r\n%s" % (len(SAID), SAID))
        # Then it is given in few parts
        assert SAID in await client.rest()
        assert times[0] < len(SAID) / 5


async def test_nobody_negotiates_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In TLS 1.2 a client could have the server sign again and again, on one connection (CVE-2011-1473)."""
    steps = HandshakeSteps(monkeypatch)
    authority = Authority(tmp_path)
    authority.certificate.context.options |= ALLOWED_BY_OPENSSL
    async with listening(echo, certificate=authority.certificate) as served:
        for number in range(1, 6):
            async with openssl_client(served.address, authority.root, tmp_path, "-tls1_2") as client:
                client.say(NEGOTIATE)
                # OpenSSL's client ends when it is refused; with TLS 1.2 a handshake has two steps.
                await client.until("no renegotiation")
            assert steps.taken == 2 * number
        await come_true(lambda: served.listener.connections == 0)


def test_nothing_is_compressed(tmp_path: Path) -> None:
    """What is compressed with a secret tells of it by its length (CVE-2012-4929)."""
    assert Contexts(Authority(tmp_path).certificate).current().options & ssl.OP_NO_COMPRESSION


async def test_keys_may_change_now_and_then(authority: Authority, tmp_path: Path) -> None:
    async with (
        listening(echo, certificate=authority.certificate) as served,
        openssl_client(served.address, authority.root, tmp_path, "-tls1_3") as client,
    ):
        await client.change_keys(MOST_EMPTY // 2)
        client.say("GET / HTTP/1.0\n")
        await client.until("GET / ")


async def test_who_does_nothing_but_change_keys_is_cut_off(authority: Authority, tmp_path: Path) -> None:
    """It takes 27 bytes to ask for that, and us a tenth of a millisecond to do it."""
    async with (
        listening(echo, certificate=authority.certificate) as served,
        proxied(served.address) as proxy,
        openssl_client(proxy.target, authority.root, tmp_path, "-tls1_3") as client,
    ):
        await come_true(lambda: served.listener.connections == 1)
        # Whether it takes our answers or not
        proxy.silence()
        with pytest.raises(AssertionError, match="it ended"):
            await client.change_keys(10 * MOST_EMPTY)
        assert served.listener.connections == 0


def test_records_end_where_they_end_however_they_are_cut() -> None:
    lengths = [0, 1, 22, 300, 2 * AT_ONCE, RECORD + 256, *[1] * (3 * AT_ONCE)]
    said = b"".join(b"\x17\x03\x03" + length.to_bytes(2) + bytes(length) for length in lengths)
    for cut in (1, 2, 3, 7, 4096, len(said)):
        records = Records()
        parts = [part for at in range(0, len(said), cut) for part in records.parts(said[at : at + cut])]
        assert b"".join(part for part, _ in parts) == said
        assert sum(ended for _, ended in parts) == len(lengths)
        assert all(len(part) <= RECORD and ended <= AT_ONCE for part, ended in parts)
