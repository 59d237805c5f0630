"""A TCP proxy to a server that can be cut, blocked and made silent, as networks are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

CHUNK: Final = 64 * 1024

ProxyT = TypeVar("ProxyT", bound="Proxy")


class Proxy:
    """Passes TCP connections on to a server; assign `server` (HOST:PORT) to change where new ones go.

    `target` is its own address. `connections` counts the connections passed on so far.
    """

    def __init__(self, server: str) -> None:
        self.target = ""
        self.server = server
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._blocked = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def carried(self) -> int:
        """Return the number of open connections."""
        return len(self._writers)

    def cut(self) -> None:
        """Break every connection at once. New ones are passed on."""
        for writer in self._writers:
            writer.transport.abort()

    def block(self) -> None:
        """Break every connection, and every new one until `unblock`."""
        self._blocked = True
        self.cut()

    def unblock(self) -> None:
        self._blocked = False

    def silence(self) -> None:
        """Pass on nothing more from the server, on connections that stay open."""
        self._flowing.clear()

    def speak(self) -> None:
        """Pass on data again on new connections; the silent ones stay silent."""
        self._flowing = asyncio.Event()
        self._flowing.set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass a new connection on to the server."""
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def close(self) -> None:
        """Break every connection, and wait until all are closed."""
        self.cut()
        await asyncio.gather(*self._carrying)

    async def ask(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass on the data of the client on one connection, until its end."""
        while data := await source.read(CHUNK):
            await put(sink, data)

    async def answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass on the data of the server on one connection, until its end."""
        flowing = self._flowing
        while data := await source.read(CHUNK):
            await flowing.wait()
            await put(sink, data)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._blocked:
                self.connections += 1
                await self._connect(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.server.rsplit(":", 1)
        try:
            back, forth = await asyncio.open_connection(host, int(port))
        except OSError:
            return
        ways = [
            asyncio.create_task(quietly(self.ask(reader, forth))),
            asyncio.create_task(quietly(self.answer(back, writer))),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forth.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)


async def put(sink: asyncio.StreamWriter, data: bytes) -> None:
    """Write data, and wait until there is room for more."""
    sink.write(data)
    await sink.drain()


async def quietly(carrying: Awaitable[None]) -> None:
    """Await `carrying`; a connection that breaks ends it without an error."""
    with suppress(OSError):
        await carrying


@asynccontextmanager
async def proxied(server: str) -> AsyncIterator[Proxy]:
    """Run a proxy to a server at HOST:PORT, on a port that the kernel chooses."""
    async with carrying(Proxy(server)) as proxy:
        yield proxy


@asynccontextmanager
async def carrying(proxy: ProxyT) -> AsyncIterator[ProxyT]:
    """Run a proxy of any class, on a port that the kernel chooses."""
    listening = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.target = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.close()
        await listening.wait_closed()
