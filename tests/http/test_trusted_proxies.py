"""A trusted proxy says by the PROXY protocol whose connection it passes on, and nobody else can."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import structlog

from tests.http.authority import Authority
from tests.http.http2_client import Http2Client, request
from tests.http.listening import HOST, Served, come_true, kept, listening, name_peer
from tests.http.manual_clock import ManualClock
from tests.support.http2 import frames
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.places import AddressLimits
from unisono.server.api.http.proxies.proxy_protocol import SIGNATURE
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.api.sampling import MAX_LINES

LINE: Final = b"PROXY TCP4 192.0.2.1 192.0.2.2 5000 443\r\n"
BLOCK: Final = SIGNATURE + bytes.fromhex(f"21210024 20010db8{1:024x} {1:032x} 138801bb")
LOCAL: Final = SIGNATURE + bytes.fromhex("20000000")

ASK: Final = b"GET / HTTP/1.0\r\n\r\n"

PROXIED: Final = TrustedProxies.of([HOST], proxy_protocol=True)
OTHERS: Final = TrustedProxies.of(["192.0.2.0/24", "unix"], proxy_protocol=True)


async def answer(served: Served, said: bytes) -> bytes:
    """Return the body that is answered by HTTP/1.0; empty where the connection is closed."""
    reader, writer = await served.open()
    writer.write(said)
    return (await rest(reader)).partition(b"\r\n\r\n")[2]


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the end; nothing where that is a reset, since something was not read."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@asynccontextmanager
async def proxied(proxies: TrustedProxies = PROXIED) -> AsyncIterator[Served]:
    async with listening(name_peer, proxies=proxies) as served:
        yield served


@pytest.mark.parametrize(
    ("header", "name"), [(LINE, b"ipv4:192.0.2.1:5000"), (BLOCK, b"ipv6:[2001:db8::1]:5000")]
)
async def test_a_header_names_the_client(header: bytes, name: bytes) -> None:
    async with proxied() as served:
        assert await answer(served, header + ASK) == name


@pytest.mark.parametrize("header", [LOCAL, b"PROXY UNKNOWN\r\n"])
async def test_a_proxy_that_names_nobody_is_named_itself(header: bytes) -> None:
    async with proxied() as served:
        assert (await answer(served, header + ASK)).startswith(b"ipv4:127.0.0.1:")


async def test_a_header_comes_a_byte_at_a_time() -> None:
    async with proxied() as served:
        reader, writer = await served.open()
        for byte in LINE + ASK:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(b"ipv4:192.0.2.1:5000")


async def test_http2_follows_a_header() -> None:
    async with proxied() as served:
        client = await served.connect(greets=False)
        client.say(LINE + frames.greeting() + request(1))
        assert (await client.until(frames.DATA, 1)).payload == b"ipv4:192.0.2.1:5000"


async def test_tls_follows_a_header(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with listening(name_peer, certificate=authority.certificate, proxies=PROXIED) as served:
        reader, writer = await served.open()
        writer.write(LINE)
        await writer.start_tls(authority.client("http/1.1"), server_hostname=HOST)
        writer.write(ASK)
        assert (await reader.read()).endswith(b"ipv4:192.0.2.1:5000")


async def test_a_proxy_that_sends_no_header_in_time_is_cut_off() -> None:
    clock = ManualClock()
    with structlog.testing.capture_logs() as logs:
        async with listening(name_peer, clock, proxies=PROXIED) as served:
            reader, writer = await served.open()
            writer.write(LINE[:20])
            await come_true(lambda: served.listener.connections)
            clock.advance(0.9)
            assert served.listener.connections == 1
            clock.advance(0.2)
            assert await rest(reader) == b""
            await come_true(lambda: not served.listener.connections)
    (entry,) = kept(logs, "proxy_header_refused")
    assert "in time" in entry["why"]
    assert entry["proxy"].startswith("ipv4:127.0.0.1:")


@pytest.mark.parametrize("said", [ASK, frames.greeting(), b"\x16\x03\x01", LINE.replace(b"TCP4", b"TCP5")])
async def test_a_proxy_that_sends_something_else_is_cut_off(said: bytes) -> None:
    with structlog.testing.capture_logs() as logs:
        async with proxied() as served:
            assert await answer(served, said) == b""
            await come_true(lambda: not served.listener.connections)
    (entry,) = kept(logs, "proxy_header_refused")
    assert entry["why"].startswith("what it sent is no header of the PROXY protocol: ")


async def test_of_many_such_proxies_there_are_few_lines() -> None:
    clock = ManualClock()
    with structlog.testing.capture_logs() as logs:
        async with listening(name_peer, clock, proxies=PROXIED) as served:
            for _ in range(MAX_LINES + 5):
                assert await answer(served, ASK) == b""
    assert len(kept(logs, "proxy_header_refused")) == MAX_LINES


async def test_who_is_no_proxy_is_named_by_the_socket() -> None:
    async with proxied(OTHERS) as served:
        assert (await answer(served, ASK)).startswith(b"ipv4:127.0.0.1:")


@pytest.mark.parametrize("header", [LINE, BLOCK, LOCAL])
async def test_who_is_no_proxy_names_nobody(header: bytes) -> None:
    async with proxied(OTHERS) as served:
        assert await answer(served, header + ASK) == b""


async def test_no_header_is_taken_where_none_is_expected() -> None:
    async with proxied(TrustedProxies.of([HOST])) as served:
        assert await answer(served, LINE + ASK) == b""
        assert (await answer(served, ASK)).startswith(b"ipv4:127.0.0.1:")


async def test_a_proxy_may_come_by_a_socket_of_unix(tmp_path: Path) -> None:
    listener = Listener(name_peer, proxies=OTHERS)
    await listener.start(f"unix:{tmp_path}/socket")
    client = Http2Client(*await asyncio.open_unix_connection(f"{tmp_path}/socket"))
    client.say(LINE + frames.greeting() + request(1))
    assert (await client.until(frames.DATA, 1)).payload == b"ipv4:192.0.2.1:5000"
    client.close()
    listener.drain()
    await listener.wait_closed(0)


async def test_who_has_sent_no_header_yet_does_not_delay_a_stop() -> None:
    async with proxied() as served:
        reader, _ = await served.open()
        await come_true(lambda: served.listener.connections)
        served.listener.drain()
        assert await reader.read() == b""
        await served.listener.wait_closed(0)
    assert not served.listener.connections


async def test_a_proxied_connection_is_bounded_as_any_other() -> None:
    """Requests that come early are not read on before it is their turn, and the last one ends it."""
    async with proxied() as served:
        reader, writer = await served.open()
        early = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n" * 3
        writer.write(LINE + early + ASK)
        assert (await reader.read()).count(b"ipv4:192.0.2.1:5000") == 4


async def test_nonsense_after_a_header_is_closed() -> None:
    async with proxied() as served:
        assert await answer(served, LINE + b"nonsense\n") == b""


async def test_what_is_open_is_cut_off_at_a_stop() -> None:
    async with proxied() as served:
        client = await served.connect(greets=False)
        client.say(LINE + frames.greeting() + request(1))
        await client.until(frames.DATA, 1)
        served.listener.drain()
        await served.listener.wait_closed(0)
        assert not served.listener.connections


async def test_limits_count_the_client_that_a_header_names() -> None:
    """One that has as many connections as it may is refused; the next one by the same proxy is not."""
    limits = AddressLimits(per_address=2)
    other = LINE.replace(b"192.0.2.1", b"192.0.2.9")
    async with listening(name_peer, proxies=PROXIED, addresses=limits) as served:
        for _ in range(2):
            client = await served.connect(greets=False)
            client.say(LINE + frames.greeting() + request(1))
            await client.until(frames.DATA, 1)
        assert await answer(served, LINE + ASK) == b""
        assert await answer(served, other + ASK) == b"ipv4:192.0.2.9:5000"


@pytest.mark.parametrize("said", [LOCAL + ASK, ASK])
async def test_a_proxy_itself_may_have_any_number_of_connections(said: bytes) -> None:
    proxies = TrustedProxies.of([HOST], proxy_protocol=said != ASK)
    async with listening(name_peer, proxies=proxies, addresses=AddressLimits(per_address=1)) as served:
        held = [await served.open() for _ in range(3)]
        for _, writer in held:
            writer.write(said)
        for reader, _ in held:
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("name", "trusted"),
    [
        (("10.1.2.3", 5), True),
        (("11.1.2.3", 5), False),
        (("::ffff:10.1.2.3", 5, 0, 0), True),
        (("2001:db8::5", 5, 0, 0), True),
        (("2001:db9::5", 5, 0, 0), False),
        (("fe80::1%eth0", 5, 0, 2), True),
        (("nonsense", 5), False),
        ("", False),
        (None, False),
    ],
)
def test_proxies_are_known_by_their_networks(name: object, *, trusted: bool) -> None:
    proxies = TrustedProxies.of(["10.0.0.0/8", "2001:db8::/32", "fe80::1"])
    assert proxies.trusts(name) is trusted


@pytest.mark.parametrize("name", ["", None])
def test_sockets_of_unix_are_trusted_where_that_is_said(name: object) -> None:
    assert TrustedProxies.of(["unix"]).trusts(name)
    assert not TrustedProxies().trusts(name)
