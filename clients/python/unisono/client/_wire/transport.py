"""The seam between the SDK and the network: one call with one answer, or one call with many.

`GrpcTransport` is the real one; `unisono.client.testing` has one without a network. Knows nothing of
tokens' renewal, of retries, or of what the messages mean.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import grpc

from unisono.client._errors import UnisonoError, explain
from unisono.client._wire.channel import bearer
from unisono.client._wire.methods import Method, Request, Response


class Transport(Protocol):
    """Carries calls. May be shared by any number of publishers and devices of one event loop."""

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """Make one call, of at most `timeout` seconds. Raises a `UnisonoError`."""
        ...

    def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """Open a stream; closing the generator cancels the call. Raises a `UnisonoError` at its end."""
        ...

    async def close(self) -> None:
        """Give back what it holds. Nothing can be called any more."""
        ...


class GrpcTransport:
    """Calls over a gRPC channel, which it closes.

    The channel is made for the first call: until then, this belongs to no event loop.
    """

    def __init__(self, open_channel: Callable[[], grpc.aio.Channel]) -> None:
        self._open_channel = open_channel
        self._channel: grpc.aio.Channel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: dict[str, Any] = {}
        self._closed = False

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`."""
        with self._explained():
            call = self._callable(method, self._opened().unary_unary)
            answer: Response = await call(request, metadata=bearer(token), timeout=timeout)
            return answer

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        with self._explained():
            call = self._callable(method, self._opened().unary_stream)(request, metadata=bearer(token))
            try:
                async for message in call:
                    yield message
            finally:
                call.cancel()

    async def close(self) -> None:
        """See `Transport`."""
        self._closed = True
        if self._channel is not None:
            await self._channel.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raises as a `UnisonoError` whatever a call ends with, but for the cancellation of its task."""
        self._check_open()
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise explain(error) from None
        except asyncio.CancelledError:
            # To close a channel is to cancel its calls, of which the tasks that wait for them know nothing.
            if not self._closed or _is_cancelled():
                raise
            raise closed() from None

    def _opened(self) -> grpc.aio.Channel:
        loop = asyncio.get_running_loop()
        if self._channel is None:
            self._loop, self._channel = loop, self._open_channel()
        if self._loop is not loop:
            raise RuntimeError(
                "this connection belongs to another event loop, which used it first: make one for each "
                "loop, or use a BlockingPublisher"
            )
        return self._channel

    def _check_open(self) -> None:
        if self._closed:
            raise closed()

    def _callable(self, method: Method[Request, Response], make: Any) -> Any:
        if method.path not in self._calls:
            self._calls[method.path] = make(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return self._calls[method.path]


def closed() -> UnisonoError:
    """The error of a call that is made, or still under way, when the connection is closed."""
    return UnisonoError("the connection was closed", code=grpc.StatusCode.CANCELLED)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
