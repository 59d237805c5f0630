"""A request of HTTP, and its answer as it comes, whatever version carries it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc

from tests.support.http2.call import code_of_reset

Headers = Mapping[str, str]
"""The headers of an answer; names are in lower case."""


class AnswerBroken(Exception):
    """An answer does not come to its end. `code` is what clients of gRPC make of it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request: `target` is a path and perhaps a query, and there is no body where that is empty."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class Answer:
    """What came of an answer, on one side told by a connection (`Answering`), on the other read by a call."""

    def __init__(self) -> None:
        self.headers: Headers = {}
        self.status = 0
        self._parts: list[bytes] = []
        self._broken: AnswerBroken | None = None
        self._is_over = False
        self._changed = asyncio.Event()

    async def head(self) -> None:
        """Wait for status and headers. Raises `AnswerBroken`."""
        while not self.status:
            await self._more()

    async def read(self) -> bytes:
        """Return the next part of the body, empty at its end. Raises `AnswerBroken`."""
        while not self._parts:
            if self._is_over:
                return b""
            await self._more()
        data = b"".join(self._parts)
        self._parts.clear()
        return data

    async def whole(self) -> bytes:
        """Return the body. Raises `AnswerBroken`."""
        return b"".join([part async for part in self])

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> bytes:
        if part := await self.read():
            return part
        raise StopAsyncIteration

    def begin(self, headers: Headers) -> None:
        """See `Answering`."""
        self.headers, self.status = headers, int(headers[":status"])
        self._changed.set()

    def take(self, data: bytes) -> None:
        """See `Answering`."""
        if data:
            self._parts.append(data)
        self._changed.set()

    def close(self, trailers: Headers) -> None:
        """See `Answering`. The protocols of the web have no trailers: nothing of one is kept."""
        if not self.status:
            self.begin(trailers)
        self._is_over = True
        self._changed.set()

    def reset(self, error: int) -> None:
        """See `Answering`."""
        self.fail(grpc.StatusCode[code_of_reset(error)], f"the stream was reset with error {error}")

    def lose(self) -> None:
        """See `Answering`."""
        self.fail(grpc.StatusCode.UNAVAILABLE, "the connection was lost")

    def fail(self, code: grpc.StatusCode, message: str) -> None:
        """End before the end."""
        self._broken = AnswerBroken(code, message)
        self._changed.set()

    async def _more(self) -> None:
        if self._broken is not None:
            raise self._broken
        self._changed.clear()
        await self._changed.wait()
