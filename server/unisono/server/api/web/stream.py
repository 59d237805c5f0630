"""Calls of Connect with many responses, in envelopes (Connect protocol, "Streaming-Request")."""

import json
from typing import Any, Final

import grpc

from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc import metadata
from unisono.server.api.rpc.call import Trailing
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.envelopes import GZIP, framed
from unisono.server.api.web.call import UNBUFFERED, WebCall
from unisono.server.api.web.errors import error_object, without_details
from unisono.server.api.web.head import WebHead

_END: Final = 0b10
"""Marks the envelope that ends a stream."""

_PROTO: Final[tuple[Header, ...]] = ((b"content-type", b"application/connect+proto"), UNBUFFERED)
_JSON: Final[tuple[Header, ...]] = ((b"content-type", b"application/connect+json"), UNBUFFERED)


class StreamCall(WebCall):
    """Its status of HTTP is 200 always: how it ended is in its last envelope."""

    __slots__ = ()

    def __init__(self, exchange: Exchange, head: WebHead, leading: Headers, codec: Codec | None) -> None:
        super().__init__(exchange, head.metadata, leading, gzip=head.encoding == GZIP, codec=codec)

    def _begin(self) -> None:
        self._respond(200, _PROTO if self._codec is None else _JSON)

    async def _send(self, response: bytes) -> None:
        await self._exchange.write(framed(response))

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        await self._end({"error": error_object(code, message, trailing)}, tuple(without_details(trailing)))

    async def _succeed(self, trailing: Trailing) -> None:
        await self._end({}, trailing)

    async def _end(self, end: dict[str, Any], trailing: Trailing) -> None:
        told: dict[str, list[str]] = {}
        for name, value in metadata.sent(trailing):
            told.setdefault(name.decode(), []).append(value.decode())
        if told:
            end["metadata"] = told
        if not self._responding:
            self._begin()
        await self._exchange.write(framed(json.dumps(end, ensure_ascii=False).encode(), _END))
        self._exchange.finish()
