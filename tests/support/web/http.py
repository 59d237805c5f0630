"""How a client of the web sends requests, over HTTP/1.1 or HTTP/2, in the clear or by TLS: many at a time."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final, Protocol

import h11

from tests.support.http2.call import header_block
from tests.support.http2.connection import Connection
from tests.support.web.answer import Answer, Request

_CHUNK: Final = 64 * 1024


class Http(Protocol):
    """Connections to one address, opened as they are needed; by TLS with a context."""

    def sent(self, request: Request) -> AbstractAsyncContextManager[Answer]:
        """Send a request; at the end of the context nobody waits for the rest of its answer.

        What goes wrong is known by the answer.
        """
        ...

    async def close(self) -> None:
        """Close all connections; requests that are under way are lost."""
        ...


class Http2:
    """One connection for all requests; another one once that is lost."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._tls = _speaking("h2", tls)
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator[Answer]:
        """See `Http`."""
        answer = Answer()
        try:
            connection = await self._open()
        except OSError:
            answer.lose()
            yield answer
            return
        pseudo = [
            (":method", request.method),
            (":scheme", "http" if self._tls is None else "https"),
            (":path", request.target),
            (":authority", self._address),
        ]
        block = header_block([*pseudo, *request.headers, *_length(request)])
        stream_id = connection.send(block, request.body, answer)
        try:
            yield answer
        finally:
            connection.cancel(stream_id)

    async def close(self) -> None:
        """See `Http`."""
        if self._connection is not None and not self._connection.closed.is_set():
            self._connection.close()
            await self._connection.closed.wait()

    async def _open(self) -> Connection:
        async with self._opening:
            if self._connection is None or self._connection.is_ending:
                self._connection = await Connection.open(self._address, tls=self._tls)
            return self._connection


class Http1:
    """A connection for each request that is under way; those that are idle are used again."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        self._address = address
        self._tls = _speaking("http/1.1", tls)
        self._idle: list[_Http1Connection] = []
        self._open: set[_Http1Connection] = set()

    @asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator[Answer]:
        """See `Http`."""
        answer = Answer()
        try:
            connection = await self._taken()
        except OSError:
            answer.lose()
            yield answer
            return
        connection.send(request)
        receiving = asyncio.create_task(connection.receive(answer))
        try:
            yield answer
        finally:
            if not receiving.done():
                receiving.cancel()
            with suppress(asyncio.CancelledError):
                await receiving
            self._leave(connection)

    async def close(self) -> None:
        """See `Http`."""
        for connection in tuple(self._open):
            connection.close()
        self._idle.clear()

    async def _taken(self) -> "_Http1Connection":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            self._leave(connection)
        host, port = self._address.rsplit(":", 1)
        streams = await asyncio.open_connection(host, int(port), ssl=self._tls)
        connection = _Http1Connection(self._address, *streams)
        self._open.add(connection)
        return connection

    def _leave(self, connection: "_Http1Connection") -> None:
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            connection.close()
            self._open.discard(connection)


class _Http1Connection:
    """A connection that has one request at a time."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader, self._writer = reader, writer
        self._http1 = h11.Connection(h11.CLIENT)

    @property
    def is_reusable(self) -> bool:
        gone = self._writer.is_closing() or self._reader.at_eof()
        return not gone and self._http1.our_state is h11.IDLE

    def close(self) -> None:
        self._writer.transport.abort()

    async def receive(self, answer: Answer) -> None:
        """Tell the answer what comes."""
        try:
            while await self._take(answer):
                pass
            if self._http1.our_state is h11.DONE and self._http1.their_state is h11.DONE:
                self._http1.start_next_cycle()
        except (OSError, h11.RemoteProtocolError):
            answer.lose()

    def send(self, request: Request) -> None:
        """Send a request. Blanks around a value are no part of it (RFC 9110, section 5.5)."""
        given = [(name, value.strip()) for name, value in request.headers]
        headers = [("host", self._host), *given, *_length(request)]
        events = (
            h11.Request(method=request.method, target=request.target, headers=headers),
            h11.Data(data=request.body),
            h11.EndOfMessage(),
        )
        self._writer.write(b"".join(self._http1.send(event) or b"" for event in events))

    async def _take(self, answer: Answer) -> bool:
        """Take what comes next, and return whether there may be more."""
        match self._http1.next_event():
            case h11.NEED_DATA:
                self._http1.receive_data(await self._reader.read(_CHUNK))
            case h11.Response() as response:
                fields = {name.decode(): value.decode() for name, value in response.headers}
                answer.begin({":status": str(response.status_code), **fields})
            case h11.Data() as part:
                answer.take(bytes(part.data))
            case h11.EndOfMessage():
                answer.close({})
                return False
            case h11.ConnectionClosed() | h11.PAUSED:
                answer.lose()
                return False
        return True


def _length(request: Request) -> list[tuple[str, str]]:
    return [] if request.method == "GET" else [("content-length", str(len(request.body)))]


def _speaking(protocol: str, tls: ssl.SSLContext | None) -> ssl.SSLContext | None:
    if tls is not None:
        tls.set_alpn_protocols([protocol])
    return tls
