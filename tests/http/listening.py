"""A listener on a port of its own, with handlers that tests lead."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.http.http2_client import Http2Client
from tests.http.manual_clock import ManualClock
from tests.support.http2 import frames
from tests.support.processes import TIMEOUT
from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.http.exchange import Exchange, Handle
from unisono.server.api.http.h2.state import Http2Limits
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.places import AddressLimits
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.api.http.timeouts import Timeouts
from unisono.server.api.tls import Certificate

HOST: Final = "127.0.0.1"

MANY_AT_ONE_ADDRESS: Final = AddressLimits(requests_per_address=1_000_000)
"""All clients of a test share the address of this machine, and few say who they are."""


class Served:
    """A listener, its port, and the clients that connected to it."""

    def __init__(self, listener: Listener, port: int, metrics: ConnectionMetrics) -> None:
        self.listener = listener
        self.metrics = metrics
        self.port = port
        self.address = f"{HOST}:{port}"
        self.tls: ssl.SSLContext | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(
        self,
        *,
        greets: bool = True,
        receive_buffer: int = 0,
        tls: ssl.SSLContext | None = None,
        source: str = HOST,
    ) -> Http2Client:
        """Return a client of HTTP/2 that has connected, and greeted unless `greets` is false."""
        opened = await self.open(receive_buffer=receive_buffer, tls=tls or self.tls, source=source)
        client = Http2Client(*opened)
        if greets:
            client.say(frames.greeting())
        return client

    async def open(
        self, *, receive_buffer: int = 0, tls: ssl.SSLContext | None = None, source: str = HOST
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection on which nothing has been said, but for the handshake of TLS.

        `source` is the address that it comes from; all that begin with 127 are this machine's.
        """
        wire = socket.socket()
        wire.setblocking(False)
        wire.bind((source, 0))
        if receive_buffer:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(wire, (HOST, self.port))
        except BaseException:
            wire.close()
            raise
        name = None if tls is None else HOST
        reader, writer = await asyncio.open_connection(sock=wire, limit=1024, ssl=tls, server_hostname=name)
        self._writers.append(writer)
        return reader, writer

    def hang_up(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def listening(
    handle: Handle,
    clock: ManualClock | None = None,
    limits: Http2Limits | None = None,
    certificate: Certificate | None = None,
    handshakes: int = 100,
    addresses: AddressLimits | None = None,
    proxies: TrustedProxies | None = None,
    **timeouts: float,
) -> AsyncIterator[Served]:
    """Have a handler's exchanges served, by a clock of the test if there is one, and leave nothing."""
    metrics = ConnectionMetrics()
    with pytest.MonkeyPatch.context() as patch:
        if clock is not None:
            patch.setattr(asyncio, "get_running_loop", lambda: clock)
        listener = Listener(
            handle,
            timeouts=Timeouts(**timeouts),
            http2_limits=limits or Http2Limits(),
            address_limits=addresses or MANY_AT_ONE_ADDRESS,
            proxies=proxies or TrustedProxies(),
            handshakes=handshakes,
            metrics=metrics,
        )
    served = Served(listener, await listener.start(f"{HOST}:0", certificate), metrics)
    try:
        yield served
    finally:
        served.hang_up()
        listener.drain()
        await listener.wait_closed(0)


async def body_of(exchange: Exchange) -> bytes:
    """Read a body to its end."""
    body = b""
    while part := await exchange.read():
        body += part
    return body


async def echo(exchange: Exchange) -> None:
    """Answer a request with its method, its path and its body."""
    body = await body_of(exchange)
    exchange.respond(200, ((b"content-type", b"text/plain"),))
    await exchange.write(b"%s %s %s" % (exchange.method, exchange.path, body))
    exchange.finish(((b"x-end", b"yes"),))


async def name_peer(exchange: Exchange) -> None:
    """Answer with the name of the peer."""
    exchange.respond(200, ())
    await exchange.write(exchange.peer.encode())
    exchange.finish()


class Held:
    """Holds exchanges until it is released, and echoes them then."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.released = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        self.begun.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        await echo(exchange)


class Reluctant:
    """Takes its time to end when it is cancelled. `running` is how many do."""

    def __init__(self) -> None:
        self.begun = self.running = self.most = 0
        self.released = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> None:
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await self.released.wait()
            raise
        finally:
            self.running -= 1


async def come_true(condition: Callable[[], object]) -> None:
    """Let the loop turn until a condition is met."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            if condition():
                return
            await asyncio.sleep(0)


async def http1(served: Served, context: ssl.SSLContext) -> bytes:
    """Return what is answered to a request of HTTP/1.0 under TLS, until the end of the connection."""
    reader, writer = await served.open(tls=context)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    return await reader.read()


async def full_turn(served: Served, source: str = HOST) -> None:
    """Wait until what was said on other connections has arrived: those of the same loop are read in turn.

    Another one comes from `source` and goes, which nothing but the listener hears of.
    """
    reader, writer = await served.open(source=source)
    writer.write_eof()
    await reader.read()


async def full_turns(served: Served, source: str = HOST) -> None:
    """Wait for several full turns, after which there is nothing to be expected any more."""
    for _ in range(5):
        await full_turn(served, source)


async def at_rest(served: Served, count: Callable[[], int]) -> int:
    """Wait until a count is more than 0 and stands still for several full turns, and return it."""
    while True:
        before = count()
        await full_turns(served)
        if 0 < before == count():
            return before


def kept(logs: list[Any], event: str) -> list[Any]:
    """Return the entries of a log with this event."""
    return [entry for entry in logs if entry["event"] == event]
