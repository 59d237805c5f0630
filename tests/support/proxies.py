"""A way to a server that can be cut, blocked and made silent, as networks are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Carries TCP connections to a server, whose address may change."""

    def __init__(self, server: str) -> None:
        self.target = ""
        self.server = server
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._blocked = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    def cut(self) -> None:
        """Break every connection, without a word. New ones are carried."""
        for writer in self._writers:
            writer.transport.abort()

    def block(self) -> None:
        """Cut, and break every new connection, until `unblock`."""
        self._blocked = True
        self.cut()

    def unblock(self) -> None:
        self._blocked = False

    def silence(self) -> None:
        """Carry nothing that the server says from now on, on connections that stay open."""
        self._flowing.clear()

    def speak(self) -> None:
        """Carry again, on new connections; the silent ones stay silent for good."""
        self._flowing = asyncio.Event()
        self._flowing.set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry a new connection."""
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def close(self) -> None:
        """Cut, and wait until nothing is carried any more."""
        self.cut()
        await asyncio.gather(*self._carrying)

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
        always = asyncio.Event()
        always.set()
        ways = [
            asyncio.create_task(_pour(reader, forth, always)),
            asyncio.create_task(_pour(back, writer, self._flowing)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forth.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
    try:
        while data := await source.read(64 * 1024):
            await flowing.wait()
            sink.write(data)
            await sink.drain()
    except OSError:
        return


@asynccontextmanager
async def proxied(server: str) -> AsyncIterator[Proxy]:
    """A way to a server at HOST:PORT, on a port of the kernel's choice."""
    proxy = Proxy(server)
    listening = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.target = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listening.close()
        await proxy.close()
        await listening.wait_closed()
