"""Hands each exchange to the method that its path names; what is not gRPC gets a line of text."""

from collections.abc import Coroutine, Mapping
from typing import Any, Final

import grpc

from unisono.server.api.call import Rpc, Rpcs
from unisono.server.api.grpc import plain
from unisono.server.api.grpc.call import ExchangeCall
from unisono.server.api.grpc.request import GZIP, IDENTITY, MalformedCall, call_head, is_grpc
from unisono.server.api.grpc.responses import ACCEPTED, refuse
from unisono.server.api.grpc.running import run
from unisono.server.api.http.exchange import Exchange


class Router:
    """Handles exchanges; see `unisono.server.api.http.exchange.Handle`."""

    def __init__(self, services: Mapping[str, Rpcs], unknown: Rpc) -> None:
        """`services` are the methods by the full name of their service, and by their own name."""
        self._unknown: Final = unknown
        self._rpcs: Final = {
            f"/{service}/{name}".encode(): rpc
            for service, rpcs in services.items()
            for name, rpc in rpcs.items()
        }

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Return what handles an exchange, from its headers to its end.

        Not a coroutine around that: each open stream would keep its frame, with all headers.
        """
        headers, path = exchange.headers, exchange.path
        if exchange.method != b"POST" or exchange.version != "2" or not is_grpc(headers):
            return plain.answer(exchange, is_method=path in self._rpcs)
        try:
            head = call_head(headers)
        except MalformedCall as error:
            return refuse(exchange, grpc.StatusCode.INTERNAL, str(error))
        if head.encoding not in (IDENTITY, GZIP):
            return refuse(
                exchange, grpc.StatusCode.UNIMPLEMENTED, "the encoding of the messages is unknown", ACCEPTED
            )
        return run(self._rpcs.get(path, self._unknown), ExchangeCall(exchange, head), head.seconds)
