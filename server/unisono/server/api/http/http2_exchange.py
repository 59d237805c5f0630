"""One stream of HTTP/2 as an exchange."""

import asyncio
import inspect
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Final, cast

from unisono.server.api.http.body import Body
from unisono.server.api.http.exchange import ClientGone, Headers
from unisono.server.api.http.h2.errors import ErrorCode
from unisono.server.api.http.h2.requests import RequestHead

if TYPE_CHECKING:
    from unisono.server.api.http.http2_connection import Http2Connection

MOST_WAITING: Final = 64 * 1024
"""Bytes of a stream that may wait to be sent before who writes has to wait, too."""


class Http2Exchange:
    """Its connection feeds it. `progress_at` is when something of what waits was sent last."""

    __slots__ = (
        "_body",
        "_connection",
        "_gone",
        "_writer",
        "authority",
        "client_certificate",
        "headers",
        "is_finished",
        "method",
        "path",
        "peer",
        "progress_at",
        "stream_id",
        "task",
    )

    version: Final = "2"

    def __init__(
        self, connection: "Http2Connection", stream_id: int, head: RequestHead, *, ended: bool
    ) -> None:
        self._connection: Final = connection
        self.method: Final = head.method
        self.path: Final = head.path
        self.authority = head.authority
        self.headers: Headers = head.headers
        self.peer: Final = connection.peer_of(head.headers)
        self.client_certificate: Final = connection.certificate_of(head.headers)
        self._body: Final = Body(connection.serving.loop, ended=ended)
        self._writer: asyncio.Future[None] | None = None
        self._gone = False
        self.stream_id: Final = stream_id
        self.is_finished = False
        self.progress_at = 0.0
        self.task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """See `Ending`."""
        return self.is_finished or self._gone

    @property
    def is_proxied(self) -> bool:
        """See `Exchange`."""
        return self._connection.is_proxied(self.headers)

    def known(self) -> None:
        """See `Exchange`."""
        self._connection.known()

    async def read(self) -> bytes:
        """See `Exchange`."""
        data, held = await self._body.read()
        if held:
            self._give_back(held)
        return data

    def respond(self, status: int, headers: Headers, *, end: bool = False) -> None:
        """See `Exchange`."""
        self.headers, self.authority = (), b""
        head = ((b":status", b"%d" % status), *headers)
        self._connection.http2.send_headers(self.stream_id, head, end_stream=end)
        self._connection.flush_soon()
        if end and not self.is_over:
            self._finished()

    async def write(self, data: bytes) -> None:
        """See `Exchange`."""
        if self._gone:
            raise ClientGone
        connection, stream_id = self._connection, self.stream_id
        if self.method == b"HEAD":
            return
        connection.http2.send_data(stream_id, data)
        if connection.http2.output_size > MOST_WAITING:
            # In a wide window nothing waits, and who writes on and on would fill the memory, and keep others
            # from their turn.
            connection.flush()
            await asyncio.sleep(0)
            if self._gone:
                raise ClientGone
        else:
            connection.flush_soon()
        if connection.http2.waiting(stream_id):
            connection.watch(self)
            while connection.http2.waiting(stream_id) > MOST_WAITING:
                await self._room()

    def finish(self, trailers: Headers = ()) -> None:
        """See `Exchange`."""
        if self.is_over:
            return
        self._connection.http2.finish(self.stream_id, tuple(trailers))
        self._connection.flush_soon()
        self._finished()

    def reset(self) -> None:
        """See `Exchange`."""
        if self.is_over:
            return
        self._connection.http2.reset(self.stream_id, ErrorCode.INTERNAL_ERROR)
        self._connection.flush_soon()
        self._gone = True
        self._connection.forget(self)

    def handled(self) -> None:
        """See `Ending`. A task that was cancelled would hold all of this, and this the task."""
        self.reset()
        self.task = None

    def feed(self, data: bytes, taken: int, *, ended: bool) -> None:
        """Take a part of the body."""
        if not data and taken:
            # There is nothing to read, only padding.
            self._give_back(taken)
            taken = 0
        self._body.feed(data, taken, ended=ended)

    def resumed(self, now: float) -> None:
        """Know that some of what waited was sent."""
        self.progress_at = now
        self._wake_writer()

    def drop(self) -> None:
        """Know that the client is gone: who handles it is cancelled, unless the response was finished."""
        self._gone = True
        self._body.lose()
        self._wake_writer()
        task = self.task
        if self.is_finished or task is None:
            return
        if (
            inspect.getcoroutinestate(cast("Coroutine[object, object, None]", task.get_coro()))
            == "CORO_CREATED"
        ):
            # It begins before it is cancelled, so that a call counts for its caller whatever becomes of it.
            self._connection.serving.loop.call_soon(task.cancel)
        else:
            task.cancel()

    def close(self) -> None:
        """Know that the stream has ended: what of the body was not read makes room for other streams."""
        held = self._body.end()
        if held:
            self._give_back(held)
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def _finished(self) -> None:
        self.is_finished = True
        if self._connection.http2.waiting(self.stream_id):
            self._connection.watch(self)
        else:
            self._connection.forget(self)

    async def _room(self) -> None:
        """Wait until something was sent."""
        self._writer = self._connection.serving.loop.create_future()
        try:
            await self._writer
        finally:
            self._writer = None
        if self._gone:
            raise ClientGone

    def _give_back(self, held: int) -> None:
        self._connection.http2.give_back(self.stream_id, held)
        self._connection.flush_soon()
