"""Calls over the web as `grpc.aio` has them: what the stubs return, awaits, iterates and cancels."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from typing import Any, Generic, TypeVar

import grpc

from tests.support.web.answer import AnswerBroken
from tests.support.web.status import Status

ResponseT = TypeVar("ResponseT")

Items = AsyncGenerator[bytes | Status, None]
"""The encoded messages of a call, and in the end its status."""

_CANCELLED = Status(code=grpc.StatusCode.CANCELLED, message="Locally cancelled by application!")


class _Call(Generic[ResponseT]):
    """A call that is under way from the beginning; `deserialize` makes a response of an encoded message."""

    def __init__(
        self, items: Items, deserialize: Callable[[bytes], ResponseT] | None, timeout: float | None
    ) -> None:
        self._deserialize = deserialize
        self._responses: asyncio.Queue[ResponseT | None] = asyncio.Queue()
        self._status: Status | None = None
        self._task = asyncio.create_task(self._run(items, timeout))
        # A task that is cancelled at once does not even begin.
        self._task.add_done_callback(lambda _: self._responses.put_nowait(None))

    def cancel(self) -> bool:
        """End the call; return whether it was under way."""
        return self._task.cancel()

    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    async def code(self) -> grpc.StatusCode:
        """Wait for the end, and return its code."""
        return (await self._end()).code

    async def details(self) -> str:
        """Wait for the end, and return its message."""
        return (await self._end()).message

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        """Wait for the end, and return what came with it."""
        return grpc.aio.Metadata(*(await self._end()).metadata)

    async def _run(self, items: Items, timeout: float | None) -> None:
        try:
            async with asyncio.timeout(timeout):
                async for item in items:
                    if isinstance(item, Status):
                        self._status = item
                    else:
                        self._responses.put_nowait(self._decoded(item))
        except TimeoutError:
            self._status = Status(code=grpc.StatusCode.DEADLINE_EXCEEDED, message="Deadline Exceeded")
        except AnswerBroken as broken:
            self._status = Status(code=broken.code, message=str(broken))
        except asyncio.CancelledError:
            self._status = _CANCELLED
            raise
        finally:
            await items.aclose()

    def _decoded(self, message: bytes) -> Any:
        return message if self._deserialize is None else self._deserialize(message)

    async def _end(self) -> Status:
        """Wait for the end. Raises what a server's fault in the protocol raised."""
        await asyncio.wait([self._task])
        if self._task.cancelled():
            return _CANCELLED
        self._task.result()
        assert self._status is not None, "the protocol said nothing of the end"
        return self._status

    async def _next(self) -> ResponseT | None:
        """Return the next response; None after the last one of a call that was answered OK."""
        response = await self._responses.get()
        if response is not None:
            return response
        self._responses.put_nowait(None)
        status = await self._end()
        if self._task.cancelled():
            raise asyncio.CancelledError
        if status.code is not grpc.StatusCode.OK:
            metadata = grpc.aio.Metadata(*status.metadata)
            raise grpc.aio.AioRpcError(status.code, grpc.aio.Metadata(), metadata, status.message)
        return None


class UnaryCall(_Call[ResponseT]):
    """A call with one response: await it."""

    def __await__(self) -> Generator[Any, None, ResponseT]:
        return self._only().__await__()

    async def _only(self) -> ResponseT:
        try:
            response = await self._next()
            await self._end()
        except asyncio.CancelledError:
            self.cancel()
            raise
        # An error may come after a response.
        if response is None or await self._next() is not None:
            raise AssertionError("a call with one response was answered OK with another number")
        return response


class StreamCall(_Call[ResponseT]):
    """A call with many responses: iterate over it, or `read`."""

    async def read(self) -> Any:
        """Return the next response; `grpc.aio.EOF` after the last."""
        response = await self._next()
        return grpc.aio.EOF if response is None else response

    async def __aiter__(self) -> AsyncIterator[ResponseT]:
        while (response := await self._next()) is not None:
            yield response
