"""The seam between the SDK and the network: unary calls and streams, without retries.

`GrpcTransport` is the real one; `unisono.client.testing` has one without a network.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import grpc

from unisono.client._errors import UnisonoError
from unisono.client._status import from_rpc_error
from unisono.client._wire import forks
from unisono.client._wire.address import Address
from unisono.client._wire.channel import token_metadata, warn_if_cleartext
from unisono.client._wire.methods import Method, Request, Response
from unisono.client._wire.pool import STREAMS_PER_CONNECTION, ConnectionPool, pool_of


class Transport(Protocol):
    """Carries calls to the service. Any number of publishers and devices of one event loop may share one.

    Implement it to put something else than gRPC's channels, or a test double, between SDK and service.
    """

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """Make one call and return its response. Cancelling ends the call, which may have been carried out.

        `timeout` is in seconds; None: no limit. Raises a `UnisonoError`: `DeadlineExceeded` after the
        timeout, `Unavailable` for what may pass, and one with the code CANCELLED when this is closed.
        """
        ...

    def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """Open a stream, and iterate over its responses. Closing the generator cancels the call.

        Ends when the server ends the stream with OK; raises a `UnisonoError` where it ends with an error, or
        cannot be opened.
        """
        ...

    async def close(self) -> None:
        """End all calls and streams, and release connections. May be called twice; later calls raise."""
        ...


class GrpcTransport:
    """Makes calls over gRPC, on connections shared with all transports of its event loop to the same address.

    They are opened by the first call, and until then the transport belongs to no event loop. Calls from
    another loop raise `RuntimeError`. `target` is the address it was made with. Raises `ValueError` for less
    than one stream on a connection.
    """

    def __init__(self, address: Address, streams_per_connection: int = STREAMS_PER_CONNECTION) -> None:
        if streams_per_connection < 1:
            raise ValueError(f"streams_per_connection: must be at least 1; is {streams_per_connection}")
        warn_if_cleartext(address)
        self.target = address.target
        self.address = address
        self._streams_per_connection = streams_per_connection
        self._pool: ConnectionPool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: set[grpc.aio.Call] = set()
        self._closed = False
        forks.watch(self)

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """Make one call and return its response. See `Transport.unary`."""
        with self._explained():
            make = self._opened().for_calls.unary(method)
            with self._ending(make(request, metadata=token_metadata(token), timeout=timeout)) as call:
                answer: Response = await call
                return answer

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """Open a stream, and iterate over its responses. See `Transport.stream`."""
        with (
            self._explained(),
            self._opened().for_stream() as channel,
            self._ending(channel.stream(method)(request, metadata=token_metadata(token))) as call,
        ):
            async for message in call:
                yield message

    async def close(self) -> None:
        """End all calls and streams, and leave the shared connections. May be called twice."""
        self._closed = True
        for call in tuple(self._under_way):
            call.cancel()
        await self._leave()

    def before_fork(self) -> bool:
        """Leave the shared connections if no call is under way: the next one opens others."""
        return self._pool is None or forks.finish_elsewhere(self._leave_if_idle(), self._loop)

    def after_fork(self) -> None:
        """Forget calls and connections: they are the parent's."""
        self._under_way.clear()
        self._pool = None

    async def _leave_if_idle(self) -> bool:
        if self._under_way:
            return False
        await self._leave()
        return True

    async def _leave(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.leave(self)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise what a call ends with as a `UnisonoError`, but for the cancellation of its task."""
        self._check_open()
        try:
            yield
        except grpc.aio.AioRpcError as error:
            # Its frames hold the call, and so the connection, until the garbage collector comes by.
            raise from_rpc_error(error.with_traceback(None)) from None
        except asyncio.CancelledError:
            # `close` cancels the calls, which the tasks that wait for them cannot know.
            if not self._closed or _is_cancelled():
                raise
            raise closed() from None

    @contextmanager
    def _ending(self, call: Any) -> Iterator[Any]:
        """A call that is cancelled at the end of the context, or when the transport is closed."""
        self._under_way.add(call)
        forks.own(call)
        try:
            yield call
        finally:
            # After a fork it is no longer there, and the parent's.
            if call in self._under_way:
                self._under_way.remove(call)
                call.cancel()

    def _opened(self) -> ConnectionPool:
        forks.check()
        loop = asyncio.get_running_loop()
        if self._pool is None:
            forks.own_loop(loop)
            self._loop, self._pool = loop, pool_of(self.address, self._streams_per_connection, self)
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
    """Return a name for the other side of a transport: its target, or "the server" where it has none."""
    return transport.target if isinstance(transport, GrpcTransport) else "the server"


def closed() -> UnisonoError:
    """Return the error of a call that is made, or still under way, after the connection was closed."""
    return UnisonoError("the connection was closed", code=grpc.StatusCode.CANCELLED)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
