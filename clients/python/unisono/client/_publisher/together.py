"""Lets sends that are in flight at the same time travel in one call, with no delay when idle.

The first goes at once; what arrives while a call is under way goes with the next one, in order. Each
outcome reaches the one who asked for it. Knows nothing of users' types.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from unisono.client._errors import (
    DeadlineExceeded,
    InternalError,
    InvalidRequest,
    TooLarge,
    UnisonoError,
    code_of,
    error_of,
)
from unisono.client._wire.caller import Caller, Deadline
from unisono.client._wire.methods import BATCH_SEND, SEND
from unisono.client._wire.retry import is_transient
from unisono.client._wire.transport import closed
from unisono.v1 import notification_service_pb2 as pb

#: The service takes 1,000 items and 4 MiB in one request; where the operator chose less, that is learned.
MOST_ITEMS: Final = 1000
MOST_BYTES: Final = 3 * 1024 * 1024

Outcome = pb.SendResult | Exception


@dataclass(slots=True, eq=False)
class _Item:
    request: pb.SendNotificationRequest
    deadline: Deadline
    answer: asyncio.Future[Outcome]
    trouble: UnisonoError | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.request.user_id, self.request.app_notification_id

    def end(self, outcome: Outcome) -> None:
        if not self.answer.done():
            self.answer.set_result(outcome)

    def end_late(self) -> None:
        """There was no outcome in time; what was in the way says more than that."""
        self.end(self.trouble or DeadlineExceeded("no answer came in time"))


class Together:
    """A queue of sends, and the one task that empties it while there is something in it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._queue: deque[_Item] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._most_items = MOST_ITEMS
        self._most_bytes = MOST_BYTES

    async def send(self, requests: Sequence[pb.SendNotificationRequest], timeout: float) -> list[Outcome]:
        """The outcome of each, in order. Whatever has none after `timeout` seconds has an error."""
        if not requests:
            return []
        if self._closed:
            raise closed()
        loop, deadline = asyncio.get_running_loop(), Deadline(timeout)
        items = [_Item(request, deadline, loop.create_future()) for request in requests]
        self._queue.extend(items)
        if self._task is None:
            self._task = asyncio.create_task(self._empty())
        try:
            await asyncio.wait([item.answer for item in items], timeout=timeout)
        finally:
            for item in items:
                item.end_late()
        return [item.answer.result() for item in items]

    async def close(self) -> None:
        """Give up on what is in the queue."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        # A task that is cancelled before its first step ends nothing.
        self._give_up(self._queue)

    async def _empty(self) -> None:
        batch: list[_Item] = []
        try:
            failures = 0
            while batch := self._next():
                again = await self._send(batch)
                failures = failures + 1 if again else 0
                if again:
                    await self._repeat(again, self._delay(again, failures))
        finally:
            self._task = None
            # There is something left only when this is closed.
            self._give_up([*batch, *self._queue])
            self._queue.clear()

    def _give_up(self, items: Iterable[_Item]) -> None:
        for item in items:
            item.end(closed())

    async def _repeat(self, again: Sequence[_Item], delay: float) -> None:
        """Put them back in front, and wait; but for those who cannot wait so long."""
        for item in again:
            if item.deadline.left <= delay:
                item.end_late()
        patient = [item for item in again if not item.answer.done()]
        self._queue.extendleft(reversed(patient))
        if patient:
            await asyncio.sleep(delay)

    def _next(self) -> list[_Item]:
        """As many as one request takes, of those that somebody still waits for.

        Of equal keys, one: it may have to be repeated, and what came after it must not overtake it.
        """
        batch: dict[tuple[str, str], _Item] = {}
        size = 0
        while self._queue and len(batch) < self._most_items:
            item = self._queue[0]
            if not item.answer.done():
                size += item.request.ByteSize()
                if item.key in batch or (batch and size > self._most_bytes):
                    break
                batch[item.key] = item
            self._queue.popleft()
        return list(batch.values())

    def _delay(self, again: Sequence[_Item], failures: int) -> float:
        asked = [item.trouble.retry_delay or 0.0 for item in again if item.trouble is not None]
        return self._caller.backoff.delay(failures) + max(asked, default=0.0)

    async def _send(self, batch: Sequence[_Item]) -> list[_Item]:
        """Give each its outcome, but for those whose trouble may pass: these are returned."""
        outcomes: Sequence[Outcome]
        try:
            outcomes = await self._call(batch)
        except Exception as error:
            if len(batch) > 1 and self._learns(batch, error):
                self._queue.extendleft(reversed(batch))
                return []
            if len(batch) > 1 and isinstance(error, InvalidRequest):
                # Something in it makes all of it unacceptable: halves, until what is to blame is alone.
                half = len(batch) // 2
                return [*await self._send(batch[:half]), *await self._send(batch[half:])]
            # Whatever it is, also from the caller's own provider of tokens, those who wait are to see it.
            outcomes = [error] * len(batch)
        return [item for item, outcome in zip(batch, outcomes, strict=True) if not _settled(item, outcome)]

    def _learns(self, batch: Sequence[_Item], error: Exception) -> bool:
        """Whether it says that this caller may send less at once, which is remembered."""
        if not isinstance(error, UnisonoError):
            return False
        if error.reason == "ROLE_NOT_ALLOWED":
            self._most_items = 1  # users may send to themselves, and only one by one
        elif "requests" in error.violations:
            self._most_items = len(batch) // 2
        elif isinstance(error, TooLarge):
            self._most_bytes = sum(item.request.ByteSize() for item in batch) // 2
        else:
            return False
        return True

    async def _call(self, batch: Sequence[_Item]) -> list[Outcome]:
        deadline = max((item.deadline for item in batch), key=lambda deadline: deadline.left)
        if len(batch) == 1:
            answer = await self._caller.attempt(SEND, batch[0].request, deadline)
            return [answer.result]
        request = pb.BatchSendNotificationsRequest(requests=[item.request for item in batch])
        results = (await self._caller.attempt(BATCH_SEND, request, deadline)).results
        if len(results) != len(batch):
            raise InternalError(f"{len(batch)} sends were answered with {len(results)} results")
        return [_outcome(result) for result in results]


def _settled(item: _Item, outcome: Outcome) -> bool:
    """Give it its outcome, unless that is trouble that may pass."""
    if isinstance(outcome, UnisonoError) and is_transient(outcome):
        item.trouble = outcome
    elif isinstance(outcome, DeadlineExceeded):
        item.end_late()
    else:
        item.end(outcome)
    return item.answer.done()


def _outcome(result: pb.BatchSendResult) -> Outcome:
    if result.HasField("error"):
        return error_of(code_of(result.error.code), result.error.message, result.error.details)
    return result.result
