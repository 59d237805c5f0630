"""Who holds connections keeps nobody from an address of another; what is refused is reset, and not read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from tests.http.authority import Authority
from tests.http.http2_client import Http2Client
from tests.http.listening import HOST, Served, come_true, echo, listening
from tests.support.http2 import frames
from tests.support.http2.frames import END_STREAM, HEADERS
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.places import AddressLimits

ELSEWHERE: Final = "127.0.0.2"

LIMITS: Final = AddressLimits(connections=6, per_address=3, opening_per_address=2)

HTTP1: Final = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest_asyncio.fixture(params=["clear", "tls"])
async def served(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[Served]:
    certificate = authority.certificate if request.param == "tls" else None
    async with listening(echo, addresses=LIMITS, certificate=certificate) as served:
        served.tls = authority.client("h2") if certificate is not None else None
        yield served


async def answered(served: Served, source: str = HOST) -> Http2Client:
    """A client that was answered, and stays."""
    client = await served.connect(source=source)
    client.ask(1)
    await client.until(HEADERS, 1, flags=END_STREAM)
    return client


async def refused(served: Served, source: str = HOST) -> None:
    """Come from an address that is to be let in no more, and see the connection reset."""
    # Which may be before it has seen that it is connected.
    with pytest.raises(ConnectionResetError):
        await said_to(served, source)


async def said_to(served: Served, source: str) -> bytes:
    """Return all that is said to a client that greets."""
    reader, writer = await served.open(source=source)
    writer.write(frames.greeting())
    return await reader.read()


async def test_one_address_has_a_number_of_connections(served: Served) -> None:
    clients = [await answered(served) for _ in range(3)]

    await refused(served)

    await answered(served, ELSEWHERE)
    clients[0].close()
    await come_true(lambda: served.listener.connections == 3)
    await answered(served)


async def test_one_address_has_a_number_that_have_not_asked(served: Served) -> None:
    # Given two connections, of which one has greeted, and neither has asked for anything
    await served.open()
    client = await served.connect()
    await client.round_trip()
    # When a third one comes, it is refused, until one of them asks
    await refused(served)
    await answered(served, ELSEWHERE)
    client.ask(1)
    await client.until(HEADERS, 1, flags=END_STREAM)
    await answered(served)


async def test_all_together_have_a_number_of_connections(served: Served) -> None:
    clients = [await answered(served, f"127.0.0.{number}") for number in range(2, 8)]

    await refused(served)

    clients[0].close()
    await come_true(lambda: served.listener.connections == 5)
    await answered(served)


async def test_http1_counts_as_well() -> None:
    async with listening(echo, addresses=LIMITS) as served:
        for _ in range(3):
            reader, writer = await served.open()
            writer.write(HTTP1)
            await reader.readuntil(b"\r\n\r\n")

        await refused(served)


async def test_who_reaches_a_unix_socket_is_let_in_while_there_is_room(tmp_path: Path) -> None:
    listener = Listener(echo, address_limits=LIMITS)
    await listener.start(f"unix:{tmp_path / 'socket'}")
    try:
        writers = []
        for _ in range(6):
            _, writer = await asyncio.open_unix_connection(tmp_path / "socket")
            writers.append(writer)
        await come_true(lambda: listener.connections == 6)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
        assert await reader.read() == b""
        writer.close()
        for writer in writers:
            writer.transport.abort()
    finally:
        listener.drain()
        await listener.wait_closed(0)
