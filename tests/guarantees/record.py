"""Records every change in the feeds of a node: the truth that streams are checked against."""

import asyncio
from collections import defaultdict
from dataclasses import replace

from unisono.server.bus.base import Hint, Listener
from unisono.server.bus.local import LocalBus
from unisono.server.model import Audience, Change, FeedKey, Notification


class Record:
    """A bus that records every change that is published, and passes the hint on to another bus."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self._changes: defaultdict[FeedKey, list[Change]] = defaultdict(list)
        self._changed = asyncio.Event()

    async def open(self) -> None:
        await self._bus.open()

    async def close(self) -> None:
        await self._bus.close()

    def listen(self, listener: Listener) -> None:
        self._bus.listen(listener)

    def publish(self, hint: Hint) -> None:
        self._changes[hint.key].extend(hint.changes)
        self._changed.set()
        self._bus.publish(hint)

    def last(self, key: FeedKey) -> int:
        """Return the last revision of a feed, 0 before the first."""
        return self._changes[key][-1].notification.revision if self._changes[key] else 0

    async def passed(self, key: FeedKey, until: int) -> None:
        """Wait until all expiries and ends of snoozes up to a time (ms since 1970) have been committed."""
        while any(_due(row) <= until for row in self.at(key, self.last(key)).values()):
            self._changed.clear()
            await self._changed.wait()

    def at(self, key: FeedKey, revision: int, audience: Audience | None = None) -> dict[str, Notification]:
        """Return what is live after a revision, by id, and meant for the audience, if one is named."""
        live: dict[str, Notification] = {}
        for number, change in enumerate(self._changes[key][:revision], 1):
            row = change.notification
            assert row.revision == number, "the feed has a gap"
            before = live.pop(row.id, None)
            if row.live and (audience is None or row.target.includes(audience)):
                kept = before.payload if before else None
                live[row.id] = row if row.payload else replace(row, payload=kept)
        return live


def _due(row: Notification) -> int:
    return min(row.expire_time, row.snooze_until or row.expire_time)
