"""A cache of the feeds that were committed last, so that those who are sent much to are not read every time.

Only the writer changes feeds, so a cache belongs to the writer's thread. Knows no statement.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from unisono.server.model import Feed, FeedKey

#: How many feeds the cache holds: about six megabytes.
_MAX_FEEDS: Final = 10_000

#: How much memory their target policies take, in bytes.
_MAX_BYTES: Final = 32 * 1024 * 1024


class StoredFeed(NamedTuple):
    """A feed with its id in the database."""

    feed_id: int
    feed: Feed


class FeedCache:
    """Feeds by key, the least recently committed first to go.

    A commit pops the feeds that it works on, and puts them back when they are on the disk: a commit that
    fails leaves nothing wrong in the cache.
    """

    def __init__(self) -> None:
        self._feeds: dict[FeedKey, StoredFeed] = {}
        self._weight = 0

    def pop(self, keys: Iterable[FeedKey]) -> dict[FeedKey, StoredFeed]:
        """Remove these and return those that were there."""
        return {key: self._remove(key) for key in keys if key in self._feeds}

    def put(self, committed: Mapping[FeedKey, StoredFeed]) -> None:
        """Add feeds, popped before, as they are on the disk. Those put the longest ago make room."""
        for key, stored in committed.items():
            self._feeds[key] = stored
            self._weight += stored.feed.weight
        while len(self._feeds) > _MAX_FEEDS or self._weight > _MAX_BYTES:
            self._remove(next(iter(self._feeds)))

    def clear(self) -> None:
        """Remove all: feeds are about to be changed in another way."""
        self._feeds.clear()
        self._weight = 0

    def _remove(self, key: FeedKey) -> StoredFeed:
        removed = self._feeds.pop(key)
        self._weight -= removed.feed.weight
        return removed
