"""Receives the one request of a call, within a time limit and a size limit. Does not depend on messages.

A handler runs as soon as the headers are there. What it does not read is bounded by flow control (RFC 9113,
section 5.2): 64 KiB at first.
"""

import asyncio
from contextlib import suppress
from typing import Final

from unisono.server.api.call import Call
from unisono.server.api.error_boundary import CallEnded, ErrorBoundary
from unisono.server.errors import Reason, RequestIncomplete, RequestMalformed


class Receiver:
    """Receives requests, and ends each call whose request takes more than `timeout` seconds to arrive.

    grpcio cannot cancel a read alone, so the call is ended, which ends its read. All requests have the same
    time, so the oldest is overdue first, and one timer serves all.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout: Final = timeout
        self._due: dict[ErrorBoundary, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """The number of calls whose request has not arrived yet."""
        return len(self._due)

    async def receive(self, call: Call, boundary: ErrorBoundary, limit: int) -> bytes:
        """Return the encoded request of a call.

        Raises RequestTooLarge beyond `limit` bytes, and CallEnded where the client ended the call without a
        request. When the time is over, `boundary` ends the call with REQUEST_INCOMPLETE.
        """
        loop = asyncio.get_running_loop()
        self._due[boundary] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_later(self._timeout, self._end_overdue)
        try:
            body = await call.read(limit)
        finally:
            self._due.pop(boundary, None)
        if body is None:
            # Nearly always the client cancelled, or its connection broke, which cancels the call only later.
            raise CallEnded(RequestMalformed(Reason.REQUEST_MALFORMED, "the call has no request"))
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
        with suppress(*boundary.endings):
            await boundary.end(RequestIncomplete(Reason.REQUEST_INCOMPLETE, text))
