"""TLS is a layer below the connection: what is promised in the clear holds, and nobody gets in without it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.http.authority import Authority
from tests.http.http2_client import request
from tests.http.listening import Held, Served, body_of, come_true, echo, http1, listening
from tests.http.manual_clock import ManualClock
from tests.http.raw_tls import RawTls
from tests.support.http2 import frames
from tests.support.http2.frames import DATA, END_STREAM, GOAWAY, HEADERS
from unisono.server.api.http.exchange import Exchange

#: Records of 16 KiB, and some more.
LARGE: Final = bytes(range(256)) * 300


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest_asyncio.fixture
async def served(authority: Authority) -> AsyncIterator[Served]:
    async with listening(echo, certificate=authority.certificate) as served:
        yield served


async def returned(exchange: Exchange) -> None:
    """Answer a request with its body."""
    body = await body_of(exchange)
    exchange.respond(200, ())
    await exchange.write(body)
    exchange.finish()


def object_of(writer: asyncio.StreamWriter) -> ssl.SSLObject:
    found = writer.get_extra_info("ssl_object")
    assert isinstance(found, ssl.SSLObject)
    return found


@pytest.mark.parametrize("offered", [("h2", "http/1.1"), ("h2",), ()])
async def test_http2_over_tls(served: Served, authority: Authority, offered: tuple[str, ...]) -> None:
    client = await served.connect(tls=authority.client(*offered))
    client.ask(1)
    await client.until(HEADERS, 1, flags=END_STREAM)


async def test_http1_over_tls(served: Served, authority: Authority) -> None:
    answer = await http1(served, authority.client("http/1.1"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"GET / ")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(("h2", "http/1.1"), "h2"), (("http/1.1", "h2"), "h2"), (("http/1.1",), "http/1.1"), ((), None)],
)
async def test_the_protocol_is_agreed(
    served: Served, authority: Authority, offered: tuple[str, ...], chosen: str | None
) -> None:
    _, writer = await served.open(tls=authority.client(*offered))
    assert object_of(writer).selected_alpn_protocol() == chosen


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_what_spans_records_arrives_whole_both_ways(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    context = authority.client("h2")
    context.minimum_version = context.maximum_version = version
    async with listening(returned, certificate=authority.certificate) as served:
        client = await served.connect(tls=context)
        client.say(frames.more_room(0, 1 << 20))
        client.ask(1, end=False)
        client.say(frames.more_room(1, 1 << 20))
        await client.round_trip()
        for start in range(0, len(LARGE), 16_384):
            last = start + 16_384 >= len(LARGE)
            client.send(DATA, END_STREAM if last else 0, 1, LARGE[start : start + 16_384])
            if last:
                break
            await client.round_trip()
        body = b""
        while not body.endswith(LARGE[-1:]) or len(body) < len(LARGE):
            body += (await client.until(DATA, 1)).payload
        assert body == LARGE


async def test_what_a_socket_does_not_take_at_once_arrives_whole(authority: Authority) -> None:
    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        for _ in range(64):
            await exchange.write(LARGE)
        exchange.finish()

    async with listening(pour, certificate=authority.certificate) as served:
        reader, writer = await served.open(receive_buffer=65_536, tls=authority.client())
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        assert (await reader.read()).partition(b"\r\n\r\n")[2] == 64 * LARGE


async def test_the_versions_before_1_2_are_refused(served: Served, authority: Authority) -> None:
    context = authority.client("h2")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)alert protocol version"):
        await served.open(tls=context)


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA"])
async def test_suites_that_http2_forbids_are_refused(
    served: Served, authority: Authority, cipher: str
) -> None:
    context = authority.client("h2")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake failure"):
        await served.open(tls=context)


async def test_a_certificate_that_was_renewed_is_for_those_who_come_then(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with listening(echo, certificate=authority.certificate) as served:
        before = await served.connect(tls=authority.client("h2"))
        _, first = await served.open(tls=authority.client("h2"))
        authority.renew()
        _, second = await served.open(tls=authority.client("h2"))
        shown = [object_of(writer).getpeercert(binary_form=True) for writer in (first, second)]
        assert shown[0] != shown[1]
        before.ask(1)
        await before.until(HEADERS, 1, flags=END_STREAM)


async def test_who_speaks_http_in_the_clear_is_told(served: Served) -> None:
    reader, writer = await served.open()
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-length: %d\r\n" % len(body) in head
    assert body == b"This port speaks only TLS\n"


@pytest.mark.parametrize("said", [frames.greeting(), b"\x00\x01\x02\n", b"\x16\x03\x01\x00\x05hello"])
async def test_who_speaks_no_tls_is_cut_off(served: Served, said: bytes) -> None:
    reader, writer = await served.open()
    writer.write(said)
    answer = await reader.read()
    # An alert says why, where it began as a handshake (RFC 8446, section 6).
    assert answer[:2] == (b"\x15\x03" if said.startswith(b"\x16") else b"")


async def test_a_handshake_that_is_not_finished_in_time_is_ended(authority: Authority) -> None:
    clock = ManualClock()
    async with listening(echo, clock, certificate=authority.certificate, handshake=15) as served:
        reader, writer = await served.open()
        writer.write(b"\x16")
        await http1(served, authority.client())
        clock.advance(14)
        await http1(served, authority.client())
        assert not reader.at_eof()
        clock.advance(1)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)


async def test_a_hello_in_pieces(served: Served, authority: Authority) -> None:
    reader, writer = await served.open()
    for byte in RawTls(authority.client(), reader, writer).hello():
        writer.write(bytes((byte,)))
        await asyncio.sleep(0)
    assert (await reader.readexactly(2)) == b"\x16\x03"


async def test_the_end_is_said_in_tls_too(served: Served, authority: Authority) -> None:
    client = await served.connect(tls=authority.client("h2"))
    await client.round_trip()
    served.listener.drain()
    assert [frame.kind for frame in await client.rest()].count(GOAWAY) == 2


async def test_a_client_that_says_it_is_gone_is_gone(authority: Authority) -> None:
    held = Held()
    async with listening(held, certificate=authority.certificate) as served:
        client = await served.connect(tls=authority.client("h2"))
        client.ask(1)
        await held.begun.wait()
        client.leave()
        await held.cancelled.wait()
        await come_true(lambda: served.listener.connections == 0)


async def test_a_client_that_vanishes_is_gone(authority: Authority) -> None:
    held = Held()
    async with listening(held, certificate=authority.certificate) as served:
        client = await served.connect(tls=authority.client("h2"))
        client.ask(1)
        await held.begun.wait()
        client.close()
        await held.cancelled.wait()
        await come_true(lambda: served.listener.connections == 0)


async def test_what_was_not_sent_by_the_client_ends_the_connection(authority: Authority) -> None:
    held = Held()
    async with listening(held, certificate=authority.certificate) as served:
        client = RawTls(authority.client("h2"), *await served.open())
        await client.shake_hands()
        client.say(frames.greeting() + request(1))
        await held.begun.wait()
        client.forward(b"\x17\x03\x03\x00\x14" + bytes(20))
        await held.cancelled.wait()
        with pytest.raises(ssl.SSLError, match=r"(?i)alert bad record mac"):
            await client.rest()
