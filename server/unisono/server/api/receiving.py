"""Receives the one request of a call: in time, and not larger than allowed. Knows no messages.

gRPC would receive it before anything of ours runs. So to gRPC every method is one to which clients may send
many requests, whose handlers run as soon as there are headers; on the wire that is the same. What is not read
is bounded by flow control (RFC 9113, section 5.2): 64 KiB at first.
"""

import asyncio
from contextlib import suppress
from typing import Final

import grpc

from unisono.server.api.error_boundary import CallEnded, Context, ErrorBoundary
from unisono.server.api.sizes import check_size
from unisono.server.errors import Reason, RequestIncomplete, RequestMalformed


class Receiver:
    """Receives requests, and ends calls whose request takes more than `timeout` seconds.

    A read cannot be given up without breaking its call: the call is ended beside the read, which ends then.
    All have the same time, so the one that was begun first is overdue first, and one timer is enough.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout: Final = timeout
        self._due: dict[ErrorBoundary, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many calls wait for their request."""
        return len(self._due)

    async def receive(self, context: Context, boundary: ErrorBoundary, limit: int) -> bytes:
        """The request, of at most `limit` bytes; `boundary` ends the call when its time is over.

        Raises RequestTooLarge, and CallEnded where the client ended the call without a request.
        """
        loop = asyncio.get_running_loop()
        self._due[boundary] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._end_overdue)
        try:
            body: object = await context.read()
        finally:
            self._due.pop(boundary, None)
        if not isinstance(body, bytes):
            # Nearly always the client gave up, or its connection broke, which cancels the call only later.
            raise CallEnded(RequestMalformed(Reason.REQUEST_MALFORMED, "the call has no request"))
        check_size(body, limit)
        return body

    def _end_overdue(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for boundary, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._end_overdue)
                return
            del self._due[boundary]
            task = loop.create_task(self._end(boundary))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end(self, boundary: ErrorBoundary) -> None:
        text = f"the request did not arrive as a whole within {self._timeout:g} s"
        with suppress(grpc.aio.AbortError, grpc.aio.InternalError):
            await boundary.end(RequestIncomplete(Reason.REQUEST_INCOMPLETE, text))
