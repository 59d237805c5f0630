"""One call of gRPC over HTTP/2 (the specification "gRPC over HTTP2")."""

import grpc

from unisono.server.api.grpc import responses
from unisono.server.api.http.exchange import Headers
from unisono.server.api.rpc.call import ExchangeCall, Trailing
from unisono.server.api.rpc.envelopes import framed


class GrpcCall(ExchangeCall):
    """Ends by trailers, which are all there is where nothing was sent before."""

    __slots__ = ()

    @property
    def _headers(self) -> Headers:
        return responses.HEADERS if self._codec is None else responses.JSON_HEADERS

    def _begin(self) -> None:
        self._exchange.respond(200, self._headers)

    async def _send(self, response: bytes) -> None:
        await self._exchange.write(framed(response))

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        self._end(responses.failed(code, message, trailing))

    async def _succeed(self, trailing: Trailing) -> None:
        self._end(responses.ok(trailing))

    def _end(self, trailers: Headers) -> None:
        if self._responding:
            self._exchange.finish(trailers)
        else:
            self._exchange.respond(200, (*self._headers, *trailers), end=True)
