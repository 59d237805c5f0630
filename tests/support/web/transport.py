"""The seam of the SDK over the web: its devices and publishers, through any door."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

import grpc

from tests.support.web.channel import Door, WebChannel
from unisono.client import Method, UnisonoError, bearer, from_rpc_error
from unisono.client._wire.methods import Request, Response


class WebTransport:
    """A `unisono.client.Transport` to HOST:PORT."""

    def __init__(self, target: str, door: Door) -> None:
        self._channel = WebChannel(target, door)
        self._closed = False

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`."""
        with self._explained():
            make = self._channel.unary_unary(
                method.path, method.request.SerializeToString, method.response.FromString
            )
            return await make(request, metadata=bearer(token), timeout=timeout)

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        with self._explained():
            make = self._channel.unary_stream(
                method.path, method.request.SerializeToString, method.response.FromString
            )
            call = make(request, metadata=bearer(token))
            try:
                async for message in call:
                    yield message
            finally:
                call.cancel()

    async def close(self) -> None:
        """See `Transport`."""
        self._closed = True
        await self._channel.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        if self._closed:
            raise UnisonoError("the connection was closed", code=grpc.StatusCode.CANCELLED)
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error.with_traceback(None)) from None
