"""Hands each exchange to a door: of hooks, of gRPC, or of the web, which has an answer for all else."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty

from unisono.server.api.call import Rpc, Rpcs
from unisono.server.api.grpc.door import GrpcDoor
from unisono.server.api.hooks.door import HookDoor
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.rpc.json_codec import JsonCodec
from unisono.server.api.rpc.methods import Method, method_table
from unisono.server.api.transport import TryingOut
from unisono.server.api.web.door import WebDoor
from unisono.server.api.web.hosts import Hosts
from unisono.server.api.web.origins import Origins
from unisono.server.api.web.page import Page
from unisono.server.clock import SystemClock
from unisono.server.core.turns import Turns


class Router:
    """Handles exchanges; see `unisono.server.api.http.exchange.Handle`."""

    def __init__(
        self,
        services: Mapping[str, Rpcs],
        unknown: Rpc,
        *,
        hook: Callable[[str], Rpc] | None = None,
        web: bool = True,
        origins: Collection[str] = (),
        is_serving: Callable[[], bool] = lambda: True,
        trying_out: TryingOut | None = None,
    ) -> None:
        """`services` are the methods by the full name of their service, and by their own name.

        `unknown` handles the calls of all others. Without `web` they are gRPC's alone. `hook` returns the
        handler of requests to the address of the hook with an id, whether there is one or not. `origins` are
        those of web pages that may call; `is_serving` is what whoever asks for the health is told.
        `trying_out` is shown to browsers.
        """
        turns = Turns(SystemClock())
        methods = method_table(services, turns)
        none = Method(unknown, JsonCodec(Empty, Empty, turns), exists=False)
        self._hooks: Final = HookDoor(hook or (lambda _: unknown))
        self._grpc: Final = GrpcDoor(methods, none)
        self._web: Final = WebDoor(
            methods if web else {},
            none if web else None,
            Origins(origins),
            is_serving,
            hosts=None if trying_out is None else Hosts(trying_out.host),
            page=None if trying_out is None else Page(trying_out.token, trying_out.user),
        )

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        """Return what handles an exchange, from its headers to its end."""
        return self._hooks.handle(exchange) or self._grpc.handle(exchange) or self._web.handle(exchange)
