"""An exchange without a connection, whose other side a test holds."""

import asyncio
from collections.abc import Sequence
from typing import Final

from unisono.server.api.http.exchange import ClientGone, Header, Headers
from unisono.server.model.client_certificate import ClientCertificate

CALL: Final[tuple[Header, ...]] = ((b"content-type", b"application/grpc"), (b"te", b"trailers"))


class HeldExchange:
    """An exchange: the test sends parts of its body, the empty one at its end, and sees what is answered."""

    def __init__(
        self, path: bytes = b"/unisono.Test/Method", headers: Headers = CALL, *, parts: Sequence[bytes] = ()
    ) -> None:
        self.method = b"POST"
        self.path = path
        self.authority = b"localhost"
        self.headers = headers
        self.version = "2"
        self.peer = "ipv4:192.0.2.1:4711"
        self.is_proxied = False
        self.client_certificate: ClientCertificate | None = None
        self.status: int | None = None
        self.response_headers: Headers = ()
        self.body = b""
        self.trailers: Headers = ()
        self.ended = False
        self.reading = asyncio.Event()
        self.written = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self.is_gone = False
        self.is_known = False
        self._parts: asyncio.Queue[bytes] = asyncio.Queue()
        for part in parts:
            self.send(part)

    @property
    def unread(self) -> int:
        """How many parts nobody has read yet."""
        return self._parts.qsize()

    def send(self, part: bytes) -> None:
        """Have a part of the body arrive."""
        self._parts.put_nowait(part)

    def known(self) -> None:
        """See `Exchange.known`."""
        self.is_known = True

    async def read(self) -> bytes:
        """See `Exchange.read`."""
        self.reading.set()
        if self.is_gone:
            raise ClientGone
        part = await self._parts.get()
        if not part:
            self.send(b"")
        return part

    def respond(self, status: int, headers: Headers, *, end: bool = False) -> None:
        """See `Exchange.respond`."""
        assert self.status is None, "the response has begun before"
        self.status, self.response_headers = status, headers
        self.ended = end

    async def write(self, data: bytes) -> None:
        """See `Exchange.write`."""
        assert self.status is not None, "the response has not begun"
        assert not self.ended, "the response has ended"
        if self.is_gone:
            raise ClientGone
        self.body += data
        self.written.set()
        await self.room.wait()

    def finish(self, trailers: Headers = ()) -> None:
        """See `Exchange.finish`."""
        assert not self.ended, "the response has ended before"
        self.trailers, self.ended = trailers, True

    def reset(self) -> None:
        """See `Exchange.reset`."""
        self.ended = True

    @property
    def grpc_status(self) -> bytes | None:
        """The status of the call, wherever it came: in the trailers, or in headers that are all there is."""
        return dict((*self.response_headers, *self.trailers)).get(b"grpc-status")

    @property
    def grpc_message(self) -> bytes | None:
        """The message of the status."""
        return dict((*self.response_headers, *self.trailers)).get(b"grpc-message")
