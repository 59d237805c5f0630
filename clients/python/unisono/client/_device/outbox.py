"""The queue of a device's marks: each is saved, sent in order, and deleted when the server has answered."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from unisono.client._calls import ServiceClient
from unisono.client._device import snooze
from unisono.client._device.persistence import Persistence
from unisono.client._device.reconnect import LOST
from unisono.client._errors import FeedDeleted, Unauthenticated, Unavailable, UnisonoError
from unisono.client._results import MarkResult
from unisono.client._wire.retry import Backoff, is_transient
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

#: As many as a feed has notifications by default.
MAX_WAITING: Final = 10_000

_log = logging.getLogger("unisono.client")


@dataclass(slots=True, eq=False)
class _Mark:
    """A queued mark, the end of its snooze on the loop's clock, and the future of the caller that waits."""

    number: int
    request: MarkNotificationsRequest
    snooze_end: float | None
    answer: asyncio.Future[MarkResult | None] | None = None


class Outbox:
    """A queue of marks that outlives the connection and, where the storage does, the process."""

    def __init__(
        self,
        calls: ServiceClient,
        persistence: Persistence,
        *,
        timeout: float,
        backoff: Backoff,
        changed: Callable[[], None],
    ) -> None:
        """`timeout` is in seconds, for each try of a mark; `changed` is called when their number changes."""
        #: Whether the server counts snoozes by its own clock, as its Welcome says.
        self.snoozes_by_span = False
        self._calls = calls
        self._persistence = persistence
        self._timeout = timeout
        self._backoff = backoff
        self._changed = changed
        self._queue: dict[int, _Mark] = {}
        self._last = 0
        self._being_saved = 0
        #: How often `discard` was called: what is saved meanwhile is discarded, too.
        self._deletions = 0
        self._online = False
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """The number of marks that the server has not answered yet."""
        return len(self._queue)

    def restore(self, marks: Mapping[int, MarkNotificationsRequest]) -> None:
        """Queue the marks of an earlier process, by number."""
        self._queue = {
            number: _Mark(number, request, snooze.end_of(request)) for number, request in marks.items()
        }
        self._last = max(marks, default=0)

    async def put(self, request: MarkNotificationsRequest) -> MarkResult | None:
        """Save and queue a mark; return its result, or None when the server has not answered it yet.

        Raises `StorageFailed` when it cannot be saved, `Unavailable` when `MAX_WAITING` marks are queued,
        `InvalidRequest` for a snooze that ends in the past, `FeedDeleted`, and the `UnisonoError` that the
        server answered it with; then it is not queued any more. Cancelling while waiting for the result
        leaves it queued.
        """
        if len(self._queue) + self._being_saved >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING:,} marks wait for the connection already")
        saved = snooze.to_save(request)
        self._last += 1
        deletions = self._deletions
        mark = _Mark(self._last, request, snooze.end_of(request))
        self._being_saved += 1
        try:
            await self._persistence.save_mark(mark.number, saved)
        finally:
            self._being_saved -= 1
        if self._deletions != deletions:
            await self._persistence.delete_mark(mark.number)
            raise FeedDeleted("the user was deleted", reason="FEED_DELETED")
        self._queue[mark.number] = mark
        self._arrived.set()
        self._changed()
        if not self._online:
            return None
        mark.answer = asyncio.get_running_loop().create_future()
        return await mark.answer

    def discard(self, error: FeedDeleted) -> list[int]:
        """Drop all marks, and return their numbers. Callers that wait get the error; the rest is logged."""
        self._deletions += 1
        marks, self._queue = list(self._queue.values()), {}
        for mark in marks:
            self._refuse(mark, error)
        self._changed()
        return [mark.number for mark in marks]

    async def run(self) -> None:
        """Send the marks one after the other, until cancelled. Callers that still wait then get None."""
        self._online = True
        try:
            failures = 0
            while True:
                while self._queue:
                    mark = next(iter(self._queue.values()))
                    error = await self._send(mark)
                    failures = failures + 1 if error else 0
                    if error:
                        _answer(mark, None)
                        await asyncio.sleep(self._backoff.delay_after(error, failures))
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            self._online = False
            for mark in self._queue.values():
                _answer(mark, None)

    async def _send(self, mark: _Mark) -> UnisonoError | None:
        """Send one mark; return the error if the server has not answered it."""
        try:
            request = snooze.to_send(mark.request, mark.snooze_end, by_span=self.snoozes_by_span)
            result = await self._calls.mark_notifications(request, self._timeout)
        except UnisonoError as error:
            if _is_no_answer(error):
                return error
            self._refuse(mark, error)
        else:
            _answer(mark, result)
        # Before the next await: the stream may end there, and the mark is answered. Or it was discarded.
        self._queue.pop(mark.number, None)
        self._changed()
        await self._persistence.delete_mark(mark.number)
        return None

    def _refuse(self, mark: _Mark, error: UnisonoError) -> None:
        """Give the error to the caller that waits; it is logged where none does."""
        if mark.answer is None or mark.answer.done():
            _log.warning("a mark that was made offline is dropped: %r", error)
        else:
            mark.answer.set_exception(error)


def _is_no_answer(error: UnisonoError) -> bool:
    """Whether the error says nothing about the mark itself, but about the server, the token or the way."""
    lost = error.code in LOST and not error.reason
    return lost or is_transient(error) or isinstance(error, Unauthenticated)


def _answer(mark: _Mark, result: MarkResult | None) -> None:
    if mark.answer is not None and not mark.answer.done():
        mark.answer.set_result(result)
