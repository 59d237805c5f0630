"""The seam between the SDK and the network: one call with one answer, or one call with many.

`GrpcTransport` is the real one; `unisono.client.testing` has one without a network. Knows nothing of
tokens' renewal, of retries, or of what the messages mean.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import grpc

from unisono.client._errors import UnisonoError, from_rpc_error
from unisono.client._wire.channel import Address, bearer
from unisono.client._wire.methods import Method, Request, Response
from unisono.client._wire.pool import STREAMS_PER_CONNECTION, ConnectionPool, pool_of


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
    """Calls over gRPC. Its connections are shared with all transports of its event loop to this address.

    They are made for the first call: until then, this belongs to no event loop.
    """

    def __init__(self, address: Address, streams_per_connection: int = STREAMS_PER_CONNECTION) -> None:
        if streams_per_connection < 1:
            raise ValueError(f"streams_per_connection: must be at least 1; is {streams_per_connection}")
        address.warn()
        self.target = address.target
        self._address = address
        self._streams_per_connection = streams_per_connection
        self._pool: ConnectionPool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: set[grpc.aio.Call] = set()
        self._closed = False

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`."""
        with self._explained():
            make = self._opened().for_calls.unary(method)
            with self._ending(make(request, metadata=bearer(token), timeout=timeout)) as call:
                answer: Response = await call
                return answer

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        with (
            self._explained(),
            self._opened().for_stream() as channel,
            self._ending(channel.stream(method)(request, metadata=bearer(token))) as call,
        ):
            async for message in call:
                yield message

    async def close(self) -> None:
        """See `Transport`."""
        self._closed = True
        for call in tuple(self._under_way):
            call.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.leave(self)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raises as a `UnisonoError` whatever a call ends with, but for the cancellation of its task."""
        self._check_open()
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        except asyncio.CancelledError:
            # To be closed is to cancel calls, of which the tasks that wait for them know nothing.
            if not self._closed or _is_cancelled():
                raise
            raise closed() from None

    @contextmanager
    def _ending(self, call: Any) -> Iterator[Any]:
        """A call that ends with this context, or when all of this is closed."""
        self._under_way.add(call)
        try:
            yield call
        finally:
            self._under_way.discard(call)
            call.cancel()

    def _opened(self) -> ConnectionPool:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            self._loop, self._pool = loop, pool_of(self._address, self._streams_per_connection, self)
        if self._loop is not loop:
            raise RuntimeError(
                "this connection belongs to another event loop, which used it first: make one for each "
                "loop, or use a BlockingPublisher"
            )
        return self._pool

    def _check_open(self) -> None:
        if self._closed:
            raise closed()


def name_of(transport: Transport) -> str:
    """What people call the other side of a transport: HOST:PORT, where it has one."""
    return transport.target if isinstance(transport, GrpcTransport) else "the server"


def closed() -> UnisonoError:
    """The error of a call that is made, or still under way, when the connection is closed."""
    return UnisonoError("the connection was closed", code=grpc.StatusCode.CANCELLED)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
