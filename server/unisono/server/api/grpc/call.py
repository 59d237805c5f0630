"""One call of gRPC on an exchange of HTTP: `unisono.server.api.call.Call`."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, NoReturn

import grpc

from unisono.server.api.call import Metadata
from unisono.server.api.grpc import responses
from unisono.server.api.grpc.messages import MalformedMessage, MessageReader, framed
from unisono.server.api.grpc.request import GZIP, CallHead
from unisono.server.api.http.exchange import ClientGone, Exchange, Header
from unisono.server.api.http.networks import is_this_machine
from unisono.server.model.client_certificate import ClientCertificate


class CallAborted(Exception):
    """The call has ended with a status that is not OK: nothing more is read or sent."""


class ExchangeCall:
    """A call; see `Call`. It ends once: what comes afterwards raises `CallAborted`, or does nothing."""

    __slots__ = (
        "_ended",
        "_exchange",
        "_messages",
        "_metadata",
        "_reader",
        "_responding",
        "_trailing",
        "code",
    )

    transport: ClassVar = "http"
    aborted: ClassVar[type[Exception]] = CallAborted
    gone: ClassVar[type[Exception]] = ClientGone

    def __init__(self, exchange: Exchange, head: CallHead) -> None:
        self._exchange = exchange
        self._metadata: Metadata = head.metadata
        self._messages = MessageReader(gzip=head.encoding == GZIP)
        self._reader: asyncio.Task[object] | None = None
        self._responding = False
        self._ended = False
        self.code = grpc.StatusCode.OK
        self._trailing: Sequence[tuple[str, str | bytes]] = ()

    @property
    def metadata(self) -> Metadata:
        """See `Call.metadata`."""
        return self._metadata

    def peer(self) -> str:
        """See `Call.peer`."""
        return self._exchange.peer

    @property
    def is_local(self) -> bool:
        """See `Call.is_local`."""
        return is_this_machine(self._exchange.peer) and not self._exchange.is_proxied

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """See `Call.client_certificate`."""
        return self._exchange.client_certificate

    @property
    def origin(self) -> None:
        """See `Call.origin`: browsers cannot speak gRPC."""

    def known(self) -> None:
        """See `Call.known`."""
        self._exchange.known()

    async def read(self, limit: int) -> bytes | None:
        """See `Call.read`."""
        try:
            while (message := self._messages.next(limit)) is None:
                part = await self._part()
                if not part:
                    break
                self._messages.feed(part)
        except MalformedMessage as error:
            await self.abort(grpc.StatusCode.INTERNAL, str(error))
        if message is None and not self._messages.is_empty:
            await self.abort(grpc.StatusCode.INTERNAL, "the body ends within a message")
        return message

    async def write(self, response: bytes) -> None:
        """See `Call.write`."""
        if self._ended:
            raise CallAborted
        if not self._responding:
            self._responding = True
            self._metadata = ()
            self._exchange.respond(200, responses.HEADERS)
        await self._exchange.write(framed(response))

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, str | bytes]]) -> None:
        """See `Call.set_trailing_metadata`."""
        self._trailing = metadata

    async def abort(
        self, code: grpc.StatusCode, message: str, trailing_metadata: Sequence[tuple[str, str | bytes]] = ()
    ) -> NoReturn:
        """See `Call.abort`. A task that reads meanwhile gets `CallAborted`, too."""
        self.fail(code, message, trailing_metadata)
        raise CallAborted

    def fail(
        self, code: grpc.StatusCode, message: str, trailing_metadata: Sequence[tuple[str, str | bytes]] = ()
    ) -> None:
        """End the call with a status that is not OK."""
        if not self._ended:
            self.code = code
        self._end(responses.failed(code, message, trailing_metadata))

    def succeed(self) -> None:
        """End the call with the status OK."""
        self._end(responses.ok(self._trailing))

    def close(self) -> None:
        """Let nothing be read or sent any more, and wake a task that still reads: its handler has ended."""
        self._ended = True
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()

    def _end(self, trailers: tuple[Header, ...]) -> None:
        if self._ended:
            return
        if self._responding:
            self._exchange.finish(trailers)
        else:
            self._exchange.respond(200, (responses.CONTENT_TYPE, *trailers), end=True)
        self.close()

    async def _part(self) -> bytes:
        """Return the next part of the body, empty at its end. Raises `CallAborted` once the call is over."""
        if self._ended:
            raise CallAborted
        # Not a variable, too: the task would hold this frame when it is cancelled, and the frame the task.
        self._reader = asyncio.current_task()
        try:
            return await self._exchange.read()
        except ClientGone:
            # It sends no more, which is nobody's error; the cancellation that comes says the rest.
            return b""
        except asyncio.CancelledError:
            if self._was_woken():
                raise CallAborted from None
            raise
        finally:
            self._reader = None

    def _was_woken(self) -> bool:
        """Return whether `close` alone cancelled this task, not also a client that is gone, or late."""
        task = asyncio.current_task()
        return self._ended and task is not None and not task.uncancel()
