"""A proxy that speaks gRPC, and ends streams in its own words, as Envoy, nginx and HAProxy do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

import grpc

from tests.support.rpc_errors import DETAILS_KEY

#: How proxies say that a stream was too long, that nobody is there, or that they do not know the token.
_WORDS: Final = (
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
)

#: After how many messages it ends a stream: in the catch-up now and then, or later. A device that is never
#: complete comes back ever more rarely.
_LENGTHS: Final = (1, 4, 8, 16, 32)


class AnsweringProxy(grpc.GenericRpcHandler):
    """Passes calls on to a server, and ends each stream after some messages while it is not `calm`."""

    def __init__(self, channel: grpc.aio.Channel, random: Random) -> None:
        self.target = ""
        self.calm = False
        #: How many streams it has ended.
        self.ended = 0
        self._channel = channel
        self._random = random

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes]":
        """See `grpc.GenericRpcHandler`."""
        path = details.method
        if path.endswith("/Subscribe"):
            return grpc.unary_stream_rpc_method_handler(self._streaming(path))
        return grpc.unary_unary_rpc_method_handler(self._passing(path))

    def _passing(self, path: str) -> Any:
        call: Any = self._channel.unary_unary(path)

        async def handle(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> Any:
            try:
                return await call(body, metadata=_token(context), timeout=context.time_remaining())
            except grpc.aio.AioRpcError as error:
                await _end(context, error)

        return handle

    def _streaming(self, path: str) -> Any:
        call: Any = self._channel.unary_stream(path)

        async def handle(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
            left = self._random.choice(_LENGTHS)
            messages = call(body, metadata=_token(context))
            try:
                while left or self.calm:
                    message = await messages.read()
                    if message is grpc.aio.EOF:
                        return
                    await context.write(message)
                    left = max(0, left - 1)
            except grpc.aio.AioRpcError as error:
                await _end(context, error)
            finally:
                messages.cancel()
            self.ended += 1
            await context.abort(self._random.choice(_WORDS), "the proxy has had enough of it")

        return handle


def _token(context: grpc.aio.ServicerContext[bytes, bytes]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in context.invocation_metadata() or () if key == "authorization"]


async def _end(context: grpc.aio.ServicerContext[bytes, bytes], error: grpc.aio.AioRpcError) -> None:
    """End a call as the server did."""
    details = [(key, value) for key, value in error.trailing_metadata() or () if key == DETAILS_KEY]
    await context.abort(error.code(), error.details() or "", tuple(details))


@asynccontextmanager
async def answering_proxy(server: str, random: Random) -> AsyncIterator[AnsweringProxy]:
    """Run a proxy to a server, on a port that the kernel chooses."""
    async with grpc.aio.insecure_channel(server) as channel:
        proxy = AnsweringProxy(channel, random)
        listening = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        listening.add_generic_rpc_handlers((proxy,))
        proxy.target = f"127.0.0.1:{listening.add_insecure_port('127.0.0.1:0')}"
        await listening.start()
        try:
            yield proxy
        finally:
            await listening.stop(None)
