"""What the store in memory is asked about several feeds, or for an operator."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.support.memory_view import Rows, first_user, inspected
from unisono.server.model import Endpoint, Feed, FeedKey
from unisono.server.store.reads import Counted, Due, Inspected, Inspection, StoreContents


class AskedMemory:
    """The part of `MemoryStore` that changes nothing, and reads more than one feed."""

    _feeds: dict[FeedKey, Feed]
    _rows: Mapping[FeedKey, Rows]
    _endpoints: Mapping[FeedKey, Mapping[str, Endpoint]]

    async def first_user(self, app_id: str, at_least: str = "") -> str | None:
        return first_user(self._feeds, app_id, at_least)

    async def due(self, now: int, limit: int) -> Sequence[Due]:
        live = [row for rows in self._rows.values() for row in rows.values() if row.live]
        times = [(min(row.expire_time, row.snooze_until or row.expire_time), row) for row in live]
        found = sorted((t for t in times if t[0] <= now), key=lambda timed: timed[0])
        return [Due(feed=row.feed, id=row.id, time=time) for time, row in found[:limit]]

    async def inspect(self, key: FeedKey, what: Inspected) -> Inspection | None:
        feed = self._feeds.get(key)
        if feed is None:
            return None
        endpoints = sorted(self._endpoints[key].values(), key=lambda one: one.create_time)
        deleted = [one for one in endpoints if one.delete_time is not None]
        deleted.sort(key=lambda one: (one.delete_time, one.endpoint_id), reverse=True)
        return Inspection(
            feed=feed,
            endpoints=[one for one in endpoints if one.delete_time is None][: what.endpoints],
            deleted_endpoints=deleted[: what.endpoints],
            rows=[replace(row, payload=None) for row in inspected(what, self._rows[key])],
        )

    async def contents(self, most: int) -> StoreContents:
        """Return what it holds; it has neither a schema nor files."""
        feeds = list(self._feeds.values())[:most]
        more = len(feeds) == most
        return StoreContents(
            schema_version=0,
            size_bytes=0,
            free_bytes=0,
            feeds=Counted(len(feeds), more),
            endpoints=Counted(sum(feed.endpoints or 0 for feed in feeds), more),
            notifications=Counted(sum(feed.live for feed in feeds), more),
        )
