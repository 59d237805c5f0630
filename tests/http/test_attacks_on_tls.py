"""Known attacks on what encrypts: they cost no more than what comes in the clear, and hold up nobody."""

import ssl
from pathlib import Path
from typing import Final

import pytest

from tests.http.authority import Authority
from tests.http.listening import echo, listening
from tests.http.raw_tls import RawTls
from unisono.server.api.http.http1_connection import Http1Connection
from unisono.server.api.http.tls.contexts import Contexts

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


def test_nobody_negotiates_anew(tmp_path: Path) -> None:
    """In TLS 1.2 a client could have the server sign again and again, on one connection (CVE-2011-1473)."""
    context = Contexts(Authority(tmp_path).certificate).current()

    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
