"""A cache of what follows a position in a feed, read and encoded once for devices that come back together.

When a node starts again, all devices of a user have missed the same (docs/decisions/0012).
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from unisono.server.clock import Clock
from unisono.server.core.events import BATCH_BYTES, EncodeCatchUpEvent
from unisono.server.core.position import Position, catch_up_event
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.model import Audience, FeedKey
from unisono.server.model.target import is_meant_for
from unisono.server.store.base import Store
from unisono.server.store.reads import Changes, Standing

#: The most rows and payload bytes of one read: a batch must hold them with all else that they carry.
PAGE_ROWS = 256
PAGE_BYTES = BATCH_BYTES * 3 // 4

SHARED_BYTES = 16 * 1024 * 1024
"""The most memory that cached pages take together, in bytes, approximately."""

#: Approximate bytes besides the encodings: of a page with its task and its cache entry, and of an event.
_PAGE_TAKES = 2000
_EVENT_TAKES = 130

_NEVER = 2**63


_Place = tuple[FeedKey, Position]


class CatchUpPage:
    """The encoded events of one read, for devices at the position that was read from.

    `feed` is the feed's row in the same snapshot.
    """

    def __init__(self, position: Position, changes: Changes, now: int, encode: EncodeCatchUpEvent) -> None:
        self.feed = changes.feed
        #: The last revision that the page covers; None when nothing follows it in the feed.
        self._last = None if changes.complete else changes.rows[-1].revision
        events = [event for row in changes.rows if (event := catch_up_event(row, position, now))]
        #: When the first of its alerts is no longer worth a ring, in milliseconds since 1970.
        self.rings_until = min((event.row.rings_until for event in events if event.alert), default=_NEVER)
        self._events = list(map(encode, events))
        #: The revision of each event, and the key of its target policy.
        self._targets = [(event.row.revision, event.row.target) for event in events]
        size = sum(map(len, self._events))
        self._for_all = size <= BATCH_BYTES and not any(target for _, target in self._targets)
        #: The memory that the page takes, in bytes, approximately.
        self.size_bytes = size + _PAGE_TAKES + _EVENT_TAKES * len(self._events) + self._targets_size()

    def batch(self, audience: Audience) -> tuple[Sequence[bytes], int | None]:
        """Return the events meant for an endpoint that fit into one batch, and the revision passed with them.

        The events are in the order of revisions, and at least one if any is meant for the endpoint. The
        revision is None when nothing follows them in the feed, which makes the device complete.
        """
        if self._for_all:
            return self._events, self._last
        events: list[bytes] = []
        size, passed = 0, 0
        for event, (revision, target) in zip(self._events, self._targets, strict=True):
            if is_meant_for(target, audience):
                size += len(event)
                if size > BATCH_BYTES and events:
                    return events, passed
                events.append(event)
            passed = revision
        return events, self._last

    def _targets_size(self) -> int:
        """The memory of target policies, in bytes: those that the feed counts, and those of the rows."""
        return self.feed.memory_bytes + sum(len(target) for _, target in self._targets)


class CatchUpCache:
    """Reads pages of feeds, and shares each with the devices that come back to the same position.

    Pages take at most `SHARED_BYTES` together; those that were read first go first.
    """

    def __init__(
        self, store: Store, clock: Clock, encode: EncodeCatchUpEvent, metrics: StreamMetrics
    ) -> None:
        self._metrics = metrics
        self._store = store
        self._clock = clock
        self._encode = encode
        self._reading: dict[_Place, asyncio.Task[CatchUpPage]] = {}
        self._sizes: dict[_Place, int] = {}
        self._size = 0

    async def get_or_read(self, feed: FeedKey, position: Position, *, min_standing: Standing) -> CatchUpPage:
        """Return the page that follows a position, read once for all who ask for it.

        A page that another call has read is returned only if it has the epoch of `min_revision`, is not
        older, and none of its alerts has lapsed; otherwise the store is read anew. Raises `LookupError`
        where there is no feed, and `Unavailable` where the store cannot be read. When the caller is
        cancelled, the read goes on for others.
        """
        place = feed, position
        reading = self._reading.get(place)
        if reading is not None:
            page = await asyncio.shield(reading)
            current = page.feed.epoch == min_standing.epoch and page.feed.revision >= min_standing.revision
            if current and self._clock.now() < page.rings_until:
                self._metrics.reads["cache"] += 1
                return page
        # A task of its own: the read goes on for others when the first caller is cancelled.
        reading = asyncio.create_task(self.read(feed, position))
        self._evict(place)
        self._reading[place] = reading
        reading.add_done_callback(partial(self._cache_or_drop, place))
        return await asyncio.shield(reading)

    async def read(self, feed: FeedKey, position: Position) -> CatchUpPage:
        """Read the page that follows a position now, and share it with nobody. Raises as `get_or_read`."""
        changes = await self._store.changes(
            feed, after=position.cursor, known=position.known, limit=PAGE_ROWS, max_bytes=PAGE_BYTES
        )
        self._metrics.reads["store"] += 1
        self._metrics.catch_up_rows += len(changes.rows)
        return CatchUpPage(position, changes, self._clock.now(), self._encode)

    def drop(self, feed: FeedKey) -> None:
        """Forget all pages of a feed, because it was deleted."""
        for place in [place for place in self._reading if place[0] == feed]:
            self._evict(place)

    def _cache_or_drop(self, place: _Place, read: asyncio.Task[CatchUpPage]) -> None:
        failed = read.cancelled() or read.exception() is not None
        if self._reading.get(place) is not read:
            return
        if failed:
            self._evict(place)
            return
        self._sizes[place] = read.result().size_bytes
        self._size += read.result().size_bytes
        while self._size > SHARED_BYTES:
            self._evict(next(iter(self._sizes)))

    def _evict(self, place: _Place) -> None:
        self._reading.pop(place, None)
        self._size -= self._sizes.pop(place, 0)
