"""Calls of Connect with one response (Connect protocol, "Unary-Request")."""

import json
from typing import ClassVar, Final

import grpc

from unisono.server.api.auth import REQUEST_ID_KEY
from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc import metadata
from unisono.server.api.rpc.call import Trailing
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.envelopes import GZIP, unzipped
from unisono.server.api.sizes import check_size
from unisono.server.api.web.call import WebCall
from unisono.server.api.web.codes import CODES
from unisono.server.api.web.errors import error_headers, error_object, without_details
from unisono.server.api.web.head import WebHead
from unisono.server.api.web.zipping import zipped

WORTHWHILE: Final = 1024
"""Bytes of a response from which on it is compressed for who takes that."""

_JSON: Final[Header] = (b"content-type", b"application/json")
_PROTO: Final[Header] = (b"content-type", b"application/proto")
_GZIP: Final[Header] = (b"content-encoding", b"gzip")


class UnaryCall(WebCall):
    """Its messages are the bodies; trailing metadata are headers, and errors have statuses of HTTP.

    `query` is the message of a call by GET, as it is in the path.
    """

    __slots__ = ("_encoding", "_query", "_response", "_taken", "_takes_gzip")

    malformed: ClassVar[grpc.StatusCode] = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(
        self,
        exchange: Exchange,
        head: WebHead,
        leading: Headers,
        codec: Codec | None,
        *,
        query: bytes | None = None,
    ) -> None:
        super().__init__(exchange, head.metadata, leading, gzip=False, codec=codec)
        self._encoding = head.encoding
        self._takes_gzip = head.takes_gzip
        self._query = query
        self._taken = False
        self._response: bytes | None = None

    async def _next(self, limit: int) -> bytes | None:
        if self._taken:
            return None
        self._taken = True
        body = await self._whole(limit) if self._query is None else self._query
        check_size(body, limit)
        return unzipped(body, limit) if self._encoding == GZIP and body else body

    def _begin(self) -> None:
        """Headers come with the end: all metadata are known then."""

    async def _send(self, response: bytes) -> None:
        if self._response is not None:
            raise RuntimeError("a method with one response has written two")
        self._response = response

    async def _succeed(self, trailing: Trailing) -> None:
        body, kind = self._response or b"", _PROTO if self._codec is None else _JSON
        if self._takes_gzip and len(body) >= WORTHWHILE:
            await self._answer(200, (kind, _GZIP), trailing, await zipped(body))
        else:
            await self._answer(200, (kind,), trailing, body)

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        body = json.dumps(error_object(code, message, trailing), ensure_ascii=False).encode()
        headers = (_JSON, *error_headers(code, trailing))
        await self._answer(self._status(code), headers, tuple(without_details(trailing)), body)

    def _status(self, code: grpc.StatusCode) -> int:
        return CODES[code].status

    async def _answer(self, status: int, headers: Headers, trailing: Trailing, body: bytes) -> None:
        length = (b"content-length", b"%d" % len(body))
        self._respond(status, (*headers, length, *_as_headers(trailing)))
        await self._exchange.write(body)
        self._exchange.finish()


class MissingCall(UnaryCall):
    """A call of a method that does not exist: for HTTP there is nothing at its path."""

    __slots__ = ()

    def _status(self, code: grpc.StatusCode) -> int:
        return 404 if code is grpc.StatusCode.UNIMPLEMENTED else super()._status(code)


def _as_headers(trailing: Trailing) -> tuple[Header, ...]:
    """Return trailing metadata as headers, marked as what they are; the request id is one of HTTP's own."""
    return tuple(
        (name if name == REQUEST_ID_KEY.encode() else b"trailer-" + name, value)
        for name, value in metadata.sent(trailing)
    )
