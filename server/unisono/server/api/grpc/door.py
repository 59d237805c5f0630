"""The door of gRPC over HTTP/2: hands each call to the method that its path names."""

from collections.abc import Coroutine
from typing import Any, Final

import grpc

from unisono.server.api.grpc.call import GrpcCall
from unisono.server.api.grpc.request import MalformedCall, call_head, content_type
from unisono.server.api.grpc.responses import ACCEPTED, refuse
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.rpc.envelopes import GZIP, IDENTITY
from unisono.server.api.rpc.methods import Method, MethodTable
from unisono.server.api.rpc.running import run

PROTO: Final = (b"application/grpc", b"application/grpc+proto")
JSON: Final = b"application/grpc+json"


class GrpcDoor:
    """Handles the exchanges that are calls of gRPC."""

    def __init__(self, methods: MethodTable, unknown: Method) -> None:
        """`unknown` answers for methods that do not exist."""
        self._methods: Final = methods
        self._unknown: Final = unknown

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """Return what handles a call, from its headers to its end; None for what is no call of gRPC.

        Not a coroutine around that: each open stream would keep its frame, with all headers.
        """
        if exchange.method != b"POST" or exchange.version != "2":
            return None
        headers = exchange.headers
        kind = content_type(headers)
        if kind not in PROTO and kind != JSON:
            return None
        method = self._methods.get(exchange.path, self._unknown)
        codec = method.json if kind == JSON else None
        if kind == JSON and codec is None:
            return None
        try:
            head = call_head(headers)
        except MalformedCall as error:
            return refuse(exchange, grpc.StatusCode.INTERNAL, str(error))
        if head.encoding not in (IDENTITY, GZIP):
            return refuse(
                exchange, grpc.StatusCode.UNIMPLEMENTED, "the encoding of the messages is unknown", ACCEPTED
            )
        call = GrpcCall(exchange, head.metadata, gzip=head.encoding == GZIP, codec=codec)
        return run(method.rpc, call, head.seconds)
