"""The queue of a device's marks: each is saved, sent in order, and deleted when the server has answered."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from unisono.client._calls import ServiceClient
from unisono.client._device import snooze
from unisono.client._device.choosing import choose
from unisono.client._device.marking import Patch
from unisono.client._device.pending_mark import Mark, RefKey
from unisono.client._device.persistence import Persistence, SavedMark
from unisono.client._device.settling import Settlement, settle
from unisono.client._device.shielded import run_shielded
from unisono.client._device.state import DeviceState
from unisono.client._errors import FeedDeleted, Unavailable, UnisonoError
from unisono.client._results import MarkResult
from unisono.client._wire.retry import Backoff, is_verdict
from unisono.v1 import notification_pb2
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

#: As many as a feed has notifications by default.
MAX_WAITING: Final = 10_000
#: Of references of all marks that wait, and of values that say what those were: about 50 MB.
MAX_WEIGHT: Final = 200_000

_log = logging.getLogger("unisono.client")


class Outbox:
    """A queue of marks that outlives the connection and, where the storage does, the process.

    Marks are sent from the first complete point of a stream on: by then it is known what others have decided
    meanwhile. `deciding` is held while a mark is made, and while a complete point is applied: what a mark was
    decided on does not change before it is in the queue.
    """

    def __init__(
        self,
        calls: ServiceClient,
        persistence: Persistence,
        state: DeviceState,
        *,
        timeout: float,
        backoff: Backoff,
    ) -> None:
        """`timeout` is in seconds, for each try of a mark."""
        #: Whether the server counts snoozes by its own clock, as its Welcome says.
        self.snoozes_by_span = False
        self.deciding = asyncio.Lock()
        self._calls = calls
        self._persistence = persistence
        self._state = state
        self._timeout = timeout
        self._backoff = backoff
        self._queue: dict[int, Mark] = {}
        self._weight = 0
        self._last = 0
        #: How often `discard` was called: what is made meanwhile is discarded, too.
        self._deletions = 0
        self._live = False
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """The number of marks that the server has not answered yet."""
        return len(self._queue)

    def restore(self, saved: Sequence[SavedMark]) -> None:
        """Queue the marks of an earlier process, in order, and lay them over the inbox."""
        for one in saved:
            mark = self._restored(one)
            self._last = max(self._last, mark.number)
            if mark.answered is None:
                self._queue[mark.number] = mark
                self._weight += mark.weight
            self._state.lay_over(mark)

    async def put(self, request: MarkNotificationsRequest) -> MarkResult | None:
        """Save and queue a mark; return its result, or None when the server has not answered it yet.

        Raises `StorageFailed` when it cannot be saved, `Unavailable` when `MAX_WAITING` marks are queued or
        they name too much, `InvalidRequest` for a snooze that ends in the past, `FeedDeleted`, and the
        `UnisonoError` that the server answered it with; then it is not queued any more. Cancelling does not
        withdraw it.
        """
        saved = snooze.to_save(request)
        made: list[Mark] = []
        try:
            await run_shielded(self._make(request, saved, made))
            return await made[0].answer if made and made[0].answer is not None else None
        finally:
            for mark in made:
                _answer(mark, None)

    async def _make(
        self, request: MarkNotificationsRequest, saved: MarkNotificationsRequest, made: list[Mark]
    ) -> None:
        """Decide what a mark means, save it, and queue it. One that would change nothing is not made."""
        deletions = self._deletions
        async with self.deciding:
            self._check(deletions)
            mark = self._decided(request, saved)
            if mark is None:
                return
            await self._persistence.save_mark(mark)
            if self._deletions != deletions:
                await self._persistence.delete_mark(mark.number)
                self._check(deletions)
            if self._live:
                mark.answer = asyncio.get_running_loop().create_future()
            else:
                mark.as_given = None
            self._queue[mark.number] = mark
            self._weight += mark.weight
            made.append(mark)
            self._state.lay_over(mark)
            self._arrived.set()

    def _check(self, deletions: int) -> None:
        if self._deletions != deletions:
            raise FeedDeleted("the user was deleted", reason="FEED_DELETED")

    def _decided(self, request: MarkNotificationsRequest, saved: MarkNotificationsRequest) -> Mark | None:
        """Return the mark that a request means now; None where that is nothing."""
        if len(self._queue) >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING:,} marks wait for the connection already")
        patch = self._patch(saved)
        chosen = choose(saved, patch, self._state.inbox, self._state.overlay)
        if not (chosen.refs or self._live):
            return None
        self._last += 1
        mark = Mark(
            number=self._last,
            template=_of_no_one(saved),
            patch=patch,
            refs=chosen.refs,
            bases=chosen.bases,
            as_given=request if self._live else None,
            snooze_end=snooze.end_of(request),
        )
        if self._weight + mark.weight > MAX_WEIGHT:
            raise Unavailable("marks of too many notifications wait for the connection already")
        return mark

    def _restored(self, saved: SavedMark) -> Mark:
        by_name = saved.request.WhichOneof("selector") == "references"
        return Mark(
            number=saved.number,
            template=_of_no_one(saved.request) if by_name else saved.request,
            patch=self._patch(saved.request),
            refs=dict.fromkeys(map(RefKey.of, saved.request.references.refs)),
            bases=dict(saved.bases),
            as_given=None,
            snooze_end=snooze.end_of(saved.request),
            answered=0 if saved.answered else None,
        )

    def _patch(self, saved: MarkNotificationsRequest) -> Patch:
        return Patch.of(saved, ahead_of_wall=self._state.clock.ahead_of_wall or 0.0)

    def settle(self, revision: int) -> Settlement:
        """Settle the marks for the complete point at `revision`, which is about to be applied."""
        state = self._state
        if not state.overlay:
            return Settlement()
        settlement = settle(
            state.overlay, state.inbox, state.inbox.received(), revision, synced=not self._live
        )
        for number in settlement.done:
            self._forget(number)
        if settlement.given_way:
            text = (
                "%d notifications were marked offline, and by somebody else meanwhile: they stay as that did"
            )
            _log.info(text, settlement.given_way)
        return settlement

    async def finish(self) -> None:
        """Let go of marks that were answered while the complete point was saved that has what they did."""
        for mark in self._state.overlay:
            if mark.answered is not None and not self._state.await_return(mark):
                await self._persistence.delete_mark(mark.number)

    def discard(self, error: FeedDeleted) -> list[int]:
        """Drop all marks, and return their numbers. Callers that wait get the error; the rest is logged."""
        self._deletions += 1
        for mark in self._queue.values():
            self._refuse(mark, error)
        numbers = {*self._queue, *(mark.number for mark in self._state.overlay)}
        self._queue, self._weight = {}, 0
        self._state.changed()
        return list(numbers)

    def go_live(self) -> None:
        """Begin to send: the first complete point of a stream has been applied."""
        self._live = True
        self._arrived.set()

    def go_offline(self) -> None:
        """Send nothing more. Callers that wait get None: from now on their marks are as if made offline."""
        self._live = False
        for mark in self._queue.values():
            mark.as_given = None
            _answer(mark, None)

    async def run(self) -> None:
        """Send the marks one after the other while live, until cancelled."""
        try:
            failures = 0
            while True:
                while self._live and self._queue:
                    mark = next(iter(self._queue.values()))
                    error = await self._send(mark)
                    failures = failures + 1 if error else 0
                    if error:
                        _answer(mark, None)
                        await asyncio.sleep(self._backoff.delay_after(error, failures))
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            self.go_offline()

    async def _send(self, mark: Mark) -> UnisonoError | None:
        """Send one mark; return the error if the server has not answered it."""
        result: MarkResult | None = None
        for request, refs in mark.unsent():
            try:
                result = await self._calls.mark_notifications(self._timed(mark, request), self._timeout)
            except UnisonoError as error:
                if not is_verdict(error):
                    return error
                self._refuse(mark, error)
                self._state.take_back(mark, refs)
            else:
                mark.sent.update(refs)
                mark.reached = max(mark.reached, result.last_revision)
        _answer(mark, result)
        # Before the next await: the stream may end there, and the mark is answered. Or it was discarded.
        self._forget(mark.number)
        if self._state.await_return(mark):
            await self._persistence.keep_answered(mark)
        else:
            await self._persistence.delete_mark(mark.number)
        return None

    def _forget(self, number: int) -> None:
        mark = self._queue.pop(number, None)
        self._weight -= mark.weight if mark else 0

    def _timed(self, mark: Mark, request: MarkNotificationsRequest) -> MarkNotificationsRequest:
        if request.user_action_state != notification_pb2.USER_ACTION_STATE_SNOOZED:
            return request
        return snooze.to_send(request, mark.snooze_end, by_span=self.snoozes_by_span)

    def _refuse(self, mark: Mark, error: UnisonoError) -> None:
        """Give the error to the caller that waits; it is logged where none does."""
        if mark.answer is None or mark.answer.done():
            _log.warning("a mark that was made offline is dropped: %r", error)
        else:
            mark.answer.set_exception(error)


def _answer(mark: Mark, result: MarkResult | None) -> None:
    if mark.answer is not None and not mark.answer.done():
        mark.answer.set_result(result)


def _of_no_one(request: MarkNotificationsRequest) -> MarkNotificationsRequest:
    """Return the request without what it selects."""
    template = MarkNotificationsRequest()
    template.CopyFrom(request)
    template.ClearField("selector")
    return template
