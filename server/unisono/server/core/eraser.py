"""Forgets users: takes a feed away in one commit, and erases what hangs on it in steps behind live traffic.

Erasing goes on in the background, whoever waits for it, and at the next start where it was cut off.
"""

import asyncio
from collections import deque
from typing import Final

import structlog

from unisono.server.bus.base import Bus, Hint
from unisono.server.clock import Clock, SingleWaiterEvent
from unisono.server.core.bars import Bars
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.model import FeedKey
from unisono.server.store.base import Store

log = structlog.get_logger(__name__)

STEP: Final = 50
"""The most rows in one step: a commit waits for no more than these."""

PAUSE: Final = 0.005
"""Seconds between two steps, which commits that wait have for themselves."""

CLEAR_SHARE: Final = 0.1
"""The most of its time that the store spends on clearing its log, which takes as long as tens of commits.
Those who are deleted meanwhile share the next time."""

RETRY: Final = 1.0
"""Seconds after which is tried again what failed, or what a reader of the store held up."""

IDLE: Final = 3600.0
"""Seconds to wait where there is nothing to do."""

PATIENCE: Final = 20.0
"""For how many seconds `delete` waits."""


class _Waiting:
    """A caller that waits until these feeds are erased; `done` is also set when the server stops."""

    def __init__(self, feeds: set[int]) -> None:
        self.feeds = feeds
        self.done = SingleWaiterEvent()

    def forget(self, feeds: frozenset[int]) -> None:
        self.feeds -= feeds
        if not self.feeds:
            self.done.set()


class Eraser:
    """Deletes feeds. Steps of several feeds take turns, so that a large one does not hold up a small one."""

    def __init__(self, store: Store, bus: Bus, bars: Bars, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._bars = bars
        self._clock = clock
        #: The feeds with rows, and those whose rows are erased while the log may have them still.
        self._feeds: deque[int] = deque()
        self._empty: set[int] = set()
        #: Whether a commit may have taken a feed away of which the number is not known.
        self._unsure = False
        #: From when on the log may be cleared again, on the loop's clock.
        self._may_clear_at = 0.0
        #: Set when there is more to do, or the server stops.
        self._wake = SingleWaiterEvent()
        self._closing = False
        self._detaching = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._waiting: set[_Waiting] = set()

    @property
    def pending(self) -> int:
        """How many feeds were deleted, and are not erased from the disk yet."""
        return len(self._feeds) + len(self._empty)

    async def start(self) -> None:
        """Go on with what is left from before, in a task. Raises `Unavailable`."""
        self._add(*await self._store.detached_feeds())
        self._task = asyncio.create_task(self._loop(), name="eraser")

    async def close(self) -> None:
        """Finish the step that runs, then stop; who waits gets `Unavailable` (DRAINING). Idempotent."""
        self._closing = True
        self._wake.set()
        for waiting in self._waiting:
            waiting.done.set()
        if self._task is not None:
            await self._task

    async def delete(self, feed: FeedKey, *, barred_until: int | None = None) -> bool:
        """Delete a feed, and wait until all of it is deleted and overwritten. Return whether there was one.

        The user is barred until `barred_until` (ms since 1970), whether or not there was one.

        Waits for all that was deleted before, too: what is being erased has no name by which a repeated call
        would find it. Raises `Unavailable` where that takes longer than `PATIENCE`, and (DRAINING) when the
        server stops: then the feed is gone for everybody, and the rest goes on without the caller, as it does
        when that is cancelled. Raises `QuotaExceeded` where the app bars as many users as it may; nothing was
        deleted then.
        """
        if self._closing:
            raise _draining()
        # The commit goes on without its caller, and so must what follows from it.
        found = await asyncio.shield(asyncio.ensure_future(self._detach(feed, barred_until)))
        await self._erased({*self._feeds, *self._empty})
        return found

    async def _detach(self, feed: FeedKey, barred_until: int | None) -> bool:
        # One at a time, so that a bar that cannot be stored is undone before another is made.
        async with self._detaching:
            try:
                number = await self._commit(feed, barred_until)
            except OutcomeUnknown:
                self._unsure = True
                self._wake.set()
                self._bus.publish(Hint(key=feed, deleted=True))
                raise
        if self._unsure:
            # An earlier try may have done it.
            await self._find()
        if number is None:
            return False
        self._bus.publish(Hint(key=feed, deleted=True))
        self._add(number)
        return True

    async def _commit(self, feed: FeedKey, barred_until: int | None) -> int | None:
        if barred_until is None:
            return await self._store.detach_feed(feed, None)
        bar, before = self._bars.bar(feed, barred_until)
        try:
            return await self._store.detach_feed(feed, bar)
        except OutcomeUnknown:
            raise
        except BaseException:
            self._bars.put_back(bar, before)
            raise

    async def _find(self) -> None:
        """Find what was taken away, and is not known here."""
        self._unsure = False
        try:
            self._add(*await self._store.detached_feeds())
        except BaseException:
            self._unsure = True
            raise

    def _add(self, *found: int) -> None:
        feeds = [feed for feed in found if feed not in self._feeds and feed not in self._empty]
        if feeds:
            self._feeds.extend(feeds)
            self._wake.set()

    async def _erased(self, feeds: set[int]) -> None:
        if not feeds:
            return
        if self._closing:
            raise _draining()
        waiting = _Waiting(feeds)
        self._waiting.add(waiting)
        try:
            in_time = await self._clock.wait(waiting.done, PATIENCE)
        finally:
            self._waiting.discard(waiting)
        if waiting.feeds:
            raise _still_erasing() if not in_time else _draining()

    async def _loop(self) -> None:
        while not self._closing:
            self._wake.clear()
            await self._wake.wait(await self._one())

    async def _one(self) -> float:
        """Do what comes next, and return the seconds to wait after it."""
        try:
            if self._unsure:
                await self._find()
            if self._feeds and (wait := await self._step()):
                return wait
            return await self._clear() if self._empty else IDLE
        except Unavailable as error:
            log.debug("erasing put off", error=str(error))
        except Exception:
            log.exception("erasing failed")
        return RETRY

    async def _step(self) -> float:
        """Erase a few rows of the feed whose turn it is."""
        feed = self._feeds[0]
        done = await self._store.erase(feed, STEP)
        self._feeds.popleft()
        (self._empty.add if done else self._feeds.append)(feed)
        may_clear = self._empty and _loop_time() >= self._may_clear_at
        return 0.0 if may_clear or not self._feeds else PAUSE

    async def _clear(self) -> float:
        """Forget the feeds that are empty, if the log may be cleared again."""
        began = _loop_time()
        if began < self._may_clear_at:
            return self._may_clear_at - began
        empty = frozenset(self._empty)
        forgotten = await self._store.forget(sorted(empty))
        self._may_clear_at = _loop_time() + (_loop_time() - began) / CLEAR_SHARE
        if not forgotten:
            return RETRY
        self._empty -= empty
        log.info("feeds erased", feeds=len(empty))
        for waiting in self._waiting:
            waiting.forget(empty)
        return PAUSE


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _still_erasing() -> Unavailable:
    text = "the feed is gone, and what the disk has of it is still being erased; call again to wait for that"
    return Unavailable(Reason.STORE_UNAVAILABLE, text)


def _draining() -> Unavailable:
    return Unavailable(Reason.DRAINING, "the server is stopping; call again to wait for the rest")
