"""Calls of gRPC-Web (grpc/grpc, doc/PROTOCOL-WEB.md): gRPC whose trailers are a last envelope of the body."""

from base64 import b64encode
from binascii import Error, a2b_base64
from typing import Final

import grpc

from unisono.server.api.grpc import responses
from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc.call import Trailing
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.envelopes import GZIP, MalformedMessage, framed
from unisono.server.api.web.call import UNBUFFERED, WebCall
from unisono.server.api.web.head import WebHead

_TRAILERS: Final = 0x80
"""Marks the envelope with the trailers."""


class GrpcWebCall(WebCall):
    """`kind` is the content type that the client has sent, and gets."""

    __slots__ = ("_kind",)

    def __init__(
        self, exchange: Exchange, head: WebHead, leading: Headers, codec: Codec | None, *, kind: bytes
    ) -> None:
        super().__init__(exchange, head.metadata, leading, gzip=head.encoding == GZIP, codec=codec)
        self._kind = kind

    def _begin(self) -> None:
        self._respond(200, ((b"content-type", self._kind), UNBUFFERED))

    async def _send(self, response: bytes) -> None:
        await self._exchange.write(self._spelled(framed(response)))

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        await self._end(responses.failed(code, message, trailing))

    async def _succeed(self, trailing: Trailing) -> None:
        await self._end(responses.ok(trailing))

    async def _end(self, trailers: tuple[Header, ...]) -> None:
        if not self._responding:
            self._begin()
        block = b"".join(b"%s: %s\r\n" % header for header in trailers)
        await self._exchange.write(self._spelled(framed(block, _TRAILERS)))
        self._exchange.finish()

    def _spelled(self, envelope: bytes) -> bytes:
        return envelope


class GrpcWebTextCall(GrpcWebCall):
    """All of it in base64, since older browsers read text alone while it comes."""

    __slots__ = ("_rest",)

    def __init__(
        self, exchange: Exchange, head: WebHead, leading: Headers, codec: Codec | None, *, kind: bytes
    ) -> None:
        super().__init__(exchange, head, leading, codec, kind=kind)
        self._rest = b""

    async def _part(self) -> bytes:
        """Return the next part of the body: four characters are three bytes."""
        while True:
            part = await super()._part()
            text = self._rest + part
            whole = len(text) - len(text) % 4
            self._rest = text[whole:]
            if not part and self._rest:
                raise MalformedMessage("the body ends within a group of base64")
            if whole or not part:
                return _unpacked(text[:whole])

    def _spelled(self, envelope: bytes) -> bytes:
        return b64encode(envelope)


def _unpacked(text: bytes) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True) if text else b""
    except Error as error:
        raise MalformedMessage("the body is not base64") from error
