"""A `store.base` store in memory: a quick one for tests, and a model to compare the real stores with.

None of its calls waits, so that they are serial without a lock.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.support.encoding import encoded_row_of
from tests.support.memory_asked import AskedMemory
from tests.support.memory_rules import changed_until, examined, is_purged, paged, passes, with_activity
from tests.support.memory_view import Rows, named_rows, view_of
from unisono.server.clock import Ids
from unisono.server.model import Audience, Endpoint, Feed, FeedKey, Notification
from unisono.server.store.base import BatchRejected, Encode
from unisono.server.store.commit import (
    Decision,
    EndpointDecision,
    EndpointItem,
    EndpointView,
    Item,
    ReadSet,
    View,
)
from unisono.server.store.reads import (
    MAX_EXAMINED_ROWS,
    Bar,
    Changes,
    ChangesPage,
    EncodedRow,
    EndpointActivity,
    HistoryPage,
    ListFilter,
    PurgeBounds,
    Standing,
)

R = TypeVar("R")
ItemT = TypeVar("ItemT", bound=Item)
EndpointItemT = TypeVar("EndpointItemT", bound=EndpointItem)


class MemoryStore(AskedMemory):
    """A store in memory. All values in it are frozen, so that a snapshot needs no copy."""

    bar_key = b"a key"

    def __init__(self, *, ids: Ids, encode: Encode) -> None:
        self._ids = ids
        self._encode = encode
        self._epoch = ids.epoch()
        self._feeds: dict[FeedKey, Feed] = {}
        self._rows: defaultdict[FeedKey, Rows] = defaultdict(dict)
        #: The encodings of rows as they were written last, by the ids of these.
        self._encoded: dict[str, bytes] = {}
        self._endpoints: defaultdict[FeedKey, dict[str, Endpoint]] = defaultdict(dict)
        self._detached: list[int] = []
        self._detachments = 0
        self._bars: dict[tuple[str, bytes], Bar] = {}
        self.prefixes: Mapping[str, Sequence[str]] = {}

    @property
    def epoch(self) -> bytes:
        return self._epoch

    @property
    def failures(self) -> int:
        return 0

    async def check(self, *, write: bool) -> None:
        """Do nothing: memory is always there."""

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing: the content stays."""

    async def commit(
        self, items: Sequence[ItemT], decide: Callable[[Sequence[ItemT], View], Decision[R]]
    ) -> Decision[R]:
        feeds = self._named_feeds(item.read_set.feed for item in items)
        decision = decide(items, view_of(items, feeds, self._rows))
        written = [self._stored(row) for row in decision.rows]
        encoded = {row.id: self._encode(row) for row in decision.rows}
        self._feeds |= {feed.key: feed for feed in decision.feeds}
        self._encoded |= encoded
        for row in written:
            self._rows[row.feed][row.id] = row
        return decision

    async def commit_endpoints(
        self,
        items: Sequence[EndpointItemT],
        decide: Callable[[Sequence[EndpointItemT], EndpointView], EndpointDecision[R]],
    ) -> EndpointDecision[R]:
        feeds = self._named_feeds(item.feed for item in items)
        endpoints = {key: self._seen_by(key, items) for key in feeds}
        decision = decide(items, EndpointView(feeds=feeds, endpoints=endpoints))
        self._feeds |= {feed.key: feed for feed in decision.feeds}
        for endpoint in decision.endpoints:
            self._feeds.setdefault(endpoint.feed, feeds[endpoint.feed])
            self._endpoints[endpoint.feed][endpoint.endpoint_id] = endpoint
        for endpoint in decision.removed:
            self._endpoints[endpoint.feed].pop(endpoint.endpoint_id, None)
        for key in {endpoint.feed for endpoint in decision.endpoints if endpoint.delete_time is not None}:
            self._purge_deleted(key, decision.deletions_per_feed)
        return decision

    async def record_activity(self, activities: Sequence[EndpointActivity]) -> None:
        for sign in activities:
            endpoint = self._endpoints[sign.feed].get(sign.endpoint_id)
            if endpoint is not None and endpoint.delete_time is None:
                self._endpoints[sign.feed][sign.endpoint_id] = with_activity(
                    endpoint, sign, epoch=self._feeds[sign.feed].epoch
                )

    async def feed(self, key: FeedKey) -> Feed | None:
        return self._feeds.get(key)

    async def feed_and_endpoint(self, key: FeedKey, endpoint_id: str) -> tuple[Feed | None, Endpoint | None]:
        return self._feeds.get(key), self._endpoints[key].get(endpoint_id)

    async def standing(self, key: FeedKey, endpoint_id: str) -> tuple[Standing | None, Endpoint | None]:
        feed, endpoint = await self.feed_and_endpoint(key, endpoint_id)
        return Standing(feed.epoch, feed.revision) if feed is not None else None, endpoint

    async def changes(
        self,
        key: FeedKey,
        *,
        after: int,
        known: int,
        limit: int,
        max_bytes: int,
    ) -> Changes:
        rows = self._rows[key].values()
        found = [row for row in rows if row.revision > after]
        found.sort(key=lambda row: row.revision)
        found = [row if row.content_revision > known else replace(row, payload=None) for row in found]
        page = paged(found, limit, max_bytes)
        return Changes(feed=self._feeds[key], rows=self._encoded_rows(page), complete=len(page) == len(found))

    async def find(
        self, key: FeedKey, *, ids: Sequence[str] = (), keys: Sequence[str] = ()
    ) -> Sequence[Notification]:
        return named_rows(ReadSet(feed=key, ids=tuple(ids), keys=tuple(keys)), self._rows[key])

    async def history(
        self,
        key: FeedKey,
        where: ListFilter,
        *,
        before: int | None,
        limit: int,
        max_bytes: int,
        max_examined: int = MAX_EXAMINED_ROWS,
    ) -> HistoryPage:
        live = [row for row in self._rows[key].values() if row.live]
        below = [row for row in live if before is None or row.create_revision < before]
        seen, end = examined(
            sorted(below, key=lambda row: -row.create_revision), where, max(limit, max_examined)
        )
        found = [row for row in seen if passes(row, where)]
        page = paged(found, limit, max_bytes)
        standing, _ = await self.standing(key, "")
        resume_before = page[-1].create_revision if len(page) < len(found) else end
        return HistoryPage(standing=standing, rows=self._encoded_rows(page), resume_before=resume_before)

    async def list_changes(
        self,
        key: FeedKey,
        *,
        after: int,
        base: int,
        audience: Audience | None,
        limit: int,
        max_bytes: int,
        max_examined: int = MAX_EXAMINED_ROWS,
    ) -> ChangesPage:
        standing, _ = await self.standing(key, "")
        if standing is None:
            return ChangesPage(standing=None, floor=0, rows=(), resume_after=None)
        rows = list(self._rows[key].values())
        until = changed_until(rows, after, max(limit, max_examined // 2))
        seen = [row for row in rows if after < row.revision <= (until or standing.revision)]
        named = [row for row in seen if row.live or row.revision > base]
        found = [row for row in named if audience is None or row.target.includes(audience)]
        page = paged(sorted(found, key=lambda row: row.revision), limit, max_bytes)
        resume_after = page[-1].revision if len(page) < len(found) else until
        return ChangesPage(
            standing=standing,
            floor=self._feeds[key].floor,
            rows=self._encoded_rows(page),
            resume_after=None if resume_after == standing.revision else resume_after,
        )

    async def endpoints(self, key: FeedKey) -> Sequence[Endpoint]:
        present = [e for e in self._endpoints[key].values() if e.delete_time is None]
        return sorted(present, key=lambda endpoint: endpoint.create_time)

    async def purge(self, what: PurgeBounds) -> int:
        gone: Counter[FeedKey] = Counter()
        for key in self._feeds:
            gone[key] += self._purge(key, what, what.limit - gone.total())
        for key, endpoints in self._endpoints.items():
            forgotten = [e for e in endpoints.values() if is_purged(e, what)][: what.limit - gone.total()]
            for endpoint in forgotten:
                del endpoints[endpoint.endpoint_id]
            self._count_endpoints(key, -sum(endpoint.delete_time is None for endpoint in forgotten))
            gone[key] += len(forgotten)
        for key in +gone:
            if not self._rows[key] and not self._endpoints[key]:
                del self._feeds[key]
        return gone.total()

    async def bars(self) -> Sequence[Bar]:
        return list(self._bars.values())

    async def detach_feed(self, key: FeedKey, bar: Bar | None) -> int | None:
        if bar is not None:
            known = self._bars.get(bar[:2], bar)
            self._bars[bar[:2]] = max(bar, known)
        for held in (self._rows, self._endpoints):
            held.pop(key, None)
        if self._feeds.pop(key, None) is None:
            return None
        self._detachments += 1
        self._detached.append(self._detachments)
        return self._detachments

    async def detached_feeds(self) -> Sequence[int]:
        return list(self._detached)

    async def erase(self, feed: int, limit: int) -> bool:
        return True

    async def forget(self, feeds: Sequence[int]) -> bool:
        self._detached = [feed for feed in self._detached if feed not in feeds]
        return True

    def rows(self, key: FeedKey) -> Sequence[Notification]:
        """Return all rows of a feed, with its tombstones, for a test to check."""
        return list(self._rows[key].values())

    def _encoded_rows(self, page: Iterable[Notification]) -> Sequence[EncodedRow]:
        return [encoded_row_of(row, self._encoded[row.id]) for row in page]

    def _named_feeds(self, keys: Iterable[FeedKey]) -> dict[FeedKey, Feed]:
        named = dict.fromkeys(keys)
        return {k: self._feeds.get(k) or self._new_feed(k) for k in named}

    def _new_feed(self, key: FeedKey) -> Feed:
        # One that begins after another was taken away is another.
        return Feed(key=key, epoch=self._ids.epoch() + bytes(self._detachments), endpoints=0)

    def _stored(self, row: Notification) -> Notification:
        """Return a row as it is stored: one without payload leaves the stored payload as it is."""
        before = self._rows[row.feed].get(row.id)
        if before is None and any(row.id in rows for rows in self._rows.values()):
            raise BatchRejected(f"another feed has the id {row.id}")
        if not row.live or row.payload is not None:
            return row
        if before is None or before.payload is None:
            raise BatchRejected(f"a live row without a payload: {row.id}")
        return replace(row, payload=before.payload)

    def _purge_deleted(self, key: FeedKey, max_records: int | None) -> None:
        endpoints = self._endpoints[key]
        deleted = [(e.delete_time, e.endpoint_id) for e in endpoints.values() if e.delete_time is not None]
        for _, endpoint_id in sorted(deleted, reverse=True)[max_records:] if max_records is not None else ():
            del endpoints[endpoint_id]

    def _count_endpoints(self, key: FeedKey, by: int) -> None:
        feed = self._feeds.get(key)
        if feed is not None and feed.endpoints is not None:
            self._feeds[key] = replace(feed, endpoints=feed.endpoints + by)

    def _seen_by(self, key: FeedKey, items: Sequence[EndpointItem]) -> list[Endpoint]:
        named = {item.endpoint_id for item in items if item.feed == key}
        return [e for e in self._endpoints[key].values() if e.delete_time is None or e.endpoint_id in named]

    def _purge(self, key: FeedKey, what: PurgeBounds, limit: int) -> int:
        rows = self._rows[key]
        tombstones = sorted((row for row in rows.values() if not row.live), key=lambda row: row.revision)
        excess = len(tombstones) - what.tombstones_per_feed
        aged = [n for n, row in enumerate(tombstones, 1) if row.update_time < what.tombstones_before]
        purged = tombstones[: min(limit, max(excess, *aged, 0))]
        for row in purged:
            del rows[row.id], self._encoded[row.id]
        if purged:
            feed = self._feeds[key]
            self._feeds[key] = replace(feed, floor=max(feed.floor, purged[-1].revision))
        return len(purged)
