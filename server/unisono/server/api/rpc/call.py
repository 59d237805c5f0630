"""One call on an exchange of HTTP: `unisono.server.api.call.Call`, but for how its protocol spells it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final, NoReturn, TypeAlias

import grpc

from unisono.server.api.call import Metadata
from unisono.server.api.http.exchange import ClientGone, Exchange
from unisono.server.api.http.networks import is_this_machine
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.envelopes import MalformedMessage, MessageReader
from unisono.server.api.sizes import too_large
from unisono.server.model.client_certificate import ClientCertificate

Trailing: TypeAlias = Sequence[tuple[str, str | bytes]]
"""Trailing metadata."""


_LONGEST_LENGTH: Final = 15
"""Digits of a content-length that count: so many are too many anywhere."""


class CallAborted(Exception):
    """The call has ended with a status that is not OK: nothing more is read or sent."""


class ExchangeCall(ABC):
    """A call; see `Call`. It ends once: what comes afterwards raises `CallAborted`, or does nothing.

    Its messages come in envelopes, as in gRPC and all that learned from it. `codec` translates them where
    they are not protobuf.
    """

    __slots__ = (
        "_codec",
        "_ended",
        "_exchange",
        "_messages",
        "_metadata",
        "_reader",
        "_responding",
        "_trailing",
        "code",
    )

    transport: ClassVar[str] = "http"
    aborted: ClassVar[type[Exception]] = CallAborted
    gone: ClassVar[type[Exception]] = ClientGone
    malformed: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    """How a call ends whose messages break its protocol."""

    def __init__(
        self, exchange: Exchange, metadata: Metadata, *, gzip: bool, codec: Codec | None = None
    ) -> None:
        self._exchange = exchange
        self._metadata = metadata
        self._messages = MessageReader(gzip=gzip)
        self._codec = codec
        self._reader: asyncio.Task[object] | None = None
        self._responding = False
        self._ended = False
        self.code = grpc.StatusCode.OK
        self._trailing: Trailing = ()

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
    def origin(self) -> str | None:
        """See `Call.origin`: browsers cannot speak gRPC."""
        return None

    def known(self) -> None:
        """See `Call.known`."""
        self._exchange.known()

    async def read(self, limit: int) -> bytes | None:
        """See `Call.read`."""
        room = limit if self._codec is None else self._codec.room(limit)
        try:
            message = await self._next(room)
        except MalformedMessage as error:
            await self.abort(self.malformed, str(error))
        except ClientGone:
            # It sends no more, which is nobody's error; the cancellation that comes says the rest.
            return None
        if message is None or self._codec is None:
            return message
        return await self._codec.decoded(message, limit, self.peer())

    async def write(self, response: bytes) -> None:
        """See `Call.write`."""
        if self._codec is not None:
            response = await self._codec.encoded(response, self.peer())
        if self._ended:
            raise CallAborted
        if not self._responding:
            self._responding = True
            self._metadata = ()
            self._begin()
        await self._send(response)

    def set_trailing_metadata(self, metadata: Trailing) -> None:
        """See `Call.set_trailing_metadata`."""
        self._trailing = metadata

    async def abort(self, code: grpc.StatusCode, message: str, trailing_metadata: Trailing = ()) -> NoReturn:
        """See `Call.abort`. A task that reads meanwhile gets `CallAborted`, too."""
        await self.fail(code, message, trailing_metadata)
        raise CallAborted

    async def fail(self, code: grpc.StatusCode, message: str, trailing_metadata: Trailing = ()) -> None:
        """End the call with a status that is not OK."""
        if not self._ended:
            self._ended = True
            self.code = code
            await self._fail(code, message, trailing_metadata)
            self.close()

    async def succeed(self) -> None:
        """End the call with the status OK."""
        if not self._ended:
            self._ended = True
            await self._succeed(self._trailing)
            self.close()

    def close(self) -> None:
        """Let nothing be read or sent any more, and wake a task that still reads: its handler has ended."""
        self._ended = True
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()

    @abstractmethod
    def _begin(self) -> None:
        """Send the headers before the first response."""

    @abstractmethod
    async def _send(self, response: bytes) -> None:
        """Send a response. Raises `ClientGone`."""

    @abstractmethod
    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        """Send what ends a call that failed. Raises `ClientGone`."""

    @abstractmethod
    async def _succeed(self, trailing: Trailing) -> None:
        """Send what ends a call that succeeded. Raises `ClientGone`."""

    async def _next(self, limit: int) -> bytes | None:
        """Return the next request as it came, None at the end.

        Raises `MalformedMessage`, `ClientGone`, and `RequestTooLarge` beyond `limit` bytes.
        """
        while (message := self._messages.next(limit)) is None:
            part = await self._part()
            if not part:
                break
            self._messages.feed(part)
        if message is None and not self._messages.is_empty:
            raise MalformedMessage("the body ends within a message")
        return message

    async def _whole(self, limit: int) -> bytes:
        """Return the body, where it is one message without an envelope; raises as `_next`.

        What says that it is too large is not even received.
        """
        declared = next((value for name, value in self._exchange.headers if name == b"content-length"), b"")
        size = int(declared[:_LONGEST_LENGTH]) if declared.isdigit() else 0
        body = bytearray()
        while size <= limit and (part := await self._part()):
            body += part
            size = max(size, len(body))
        if size > limit:
            raise too_large(size, limit)
        return bytes(body)

    async def _part(self) -> bytes:
        """Return the next part of the body, empty at its end.

        Raises `ClientGone`, and `CallAborted` once the call is over.
        """
        if self._ended:
            raise CallAborted
        # Not a variable, too: the task would hold this frame when it is cancelled, and the frame the task.
        self._reader = asyncio.current_task()
        try:
            return await self._exchange.read()
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
