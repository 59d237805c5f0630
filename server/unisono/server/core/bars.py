"""Who is barred for a while because of a deletion: known by keyed hashes, which name nobody.

All bars are in memory: a call costs nothing where there are none, and a hash where there are. A bar is set
before the commit that stores it, and checked again just before each other commit begins: what was let in
earlier is committed before the deletion, and deleted by it.

Who was barred under a name of before is barred under the one of now: the hash of a name cannot be renamed.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush

from unisono.server.clock import Clock
from unisono.server.core.committer import Committed, ItemT, R, Run
from unisono.server.core.former_keys import former_keys
from unisono.server.errors import FailedPrecondition, QuotaExceeded, Reason, UnisonoError
from unisono.server.model import FeedKey
from unisono.server.store.base import Store
from unisono.server.store.reads import Bar


class Bars:
    """The bars of all users, at most `per_app` for each app at a time."""

    def __init__(self, store: Store, clock: Clock, *, per_app: int) -> None:
        self._store = store
        self._clock = clock
        self._per_app = per_app
        self._until: dict[tuple[str, bytes], int] = {}
        self._counts: Counter[str] = Counter()
        #: Ends of bars, the soonest first; one that was prolonged is in it more than once.
        self._ends: list[tuple[int, str, bytes]] = []

    async def load(self) -> None:
        """Read the stored bars, before the first check. Raises `Unavailable`."""
        for bar in await self._store.bars():
            self._put(bar)

    def check(self, feed: FeedKey) -> None:
        """Raise `FailedPrecondition` (FEED_BARRED) for a user who is barred now."""
        if (error := self.refusal(feed)) is not None:
            raise error

    def refusal(self, feed: FeedKey) -> FailedPrecondition | None:
        """Return the error for a user who is barred now, None for all others."""
        until = self.until(feed)
        return None if until is None else _barred(until)

    def until(self, feed: FeedKey) -> int | None:
        """Return until when a user is barred (ms since 1970), None for one who is not."""
        if not self._until:
            return None
        self._expire()
        keys = feed, *former_keys(feed, self._store.prefixes)
        bars = [until for key in keys if (until := self._until.get((key.app_id, self._mark(key))))]
        return max(bars, default=None)

    def guarded(self, run: Run[ItemT, R]) -> Run[ItemT, R]:
        """Return `run` for a committer, with the error of `check` in place of each item of a barred user."""

        async def run_allowed(items: Sequence[ItemT]) -> Committed[R]:
            refused = {place: error for place, item in enumerate(items) if (error := self.refusal(item.feed))}
            if not refused:
                return await run(items)
            allowed = [item for place, item in enumerate(items) if place not in refused]
            done: Committed[R] = await run(allowed) if allowed else Committed(outcomes=())
            rest = iter(done.outcomes)
            outcomes: list[R | UnisonoError] = [
                refused[place] if place in refused else next(rest) for place in range(len(items))
            ]
            return Committed(outcomes=outcomes, work=done.work)

        return run_allowed

    def bar(self, feed: FeedKey, until: int) -> tuple[Bar, Bar | None]:
        """Bar a user until a time (ms since 1970), or longer where that is so already.

        Returns the bar to store, and the one before it, for `put_back`. Raises `QuotaExceeded`
        (BARS_EXCEEDED) where the app has `per_app` bars.
        """
        self._expire()
        mark = self._mark(feed)
        known = self._until.get((feed.app_id, mark))
        if known is None and self._counts[feed.app_id] >= self._per_app:
            raise _exceeded(feed.app_id, self._per_app)
        bar = Bar(feed.app_id, mark, max(until, known or 0))
        self._put(bar)
        return bar, None if known is None else Bar(feed.app_id, mark, known)

    def put_back(self, bar: Bar, before: Bar | None) -> None:
        """Undo `bar`, because it could not be stored."""
        self._remove(bar)
        if before is not None:
            self._put(before)

    def _put(self, bar: Bar) -> None:
        key = bar.app_id, bar.mark
        self._counts[bar.app_id] += key not in self._until
        self._until[key] = bar.until
        heappush(self._ends, (bar.until, *key))

    def _remove(self, bar: Bar) -> None:
        del self._until[bar.app_id, bar.mark]
        self._counts[bar.app_id] -= 1

    def _expire(self) -> None:
        now = self._clock.now()
        while self._ends and self._ends[0][0] <= now:
            until, app_id, mark = heappop(self._ends)
            if self._until.get((app_id, mark)) == until:
                self._remove(Bar(app_id, mark, until))

    def _mark(self, feed: FeedKey) -> bytes:
        return hashlib.blake2b(feed.user_id.encode(), key=self._store.bar_key, digest_size=16).digest()


def _barred(until: int) -> FailedPrecondition:
    time = datetime.fromtimestamp(until / 1000, UTC).isoformat(timespec="milliseconds")
    text = "the user was deleted, and is barred for a while; see barred_until"
    metadata = {"barred_until": time.replace("+00:00", "Z")}
    return FailedPrecondition(Reason.FEED_BARRED, text, metadata)


def _exceeded(app_id: str, limit: int) -> QuotaExceeded:
    text = f"{limit} users of the app are barred, which is the limit; delete without a bar, or wait"
    return QuotaExceeded(Reason.BARS_EXCEEDED, text, subject=f"app:{app_id}", limit=limit)
