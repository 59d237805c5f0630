"""A cache of the feeds that were committed last, so that a busy feed is not read for each commit.

Only the writer changes feeds, so the cache belongs to the writer's thread.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from unisono.server.model import Feed, FeedKey

#: How many feeds the cache holds: about six megabytes without their target policies.
_MAX_FEEDS: Final = 10_000

#: How much memory their target policies may take, in bytes.
_MAX_BYTES: Final = 32 * 1024 * 1024


class StoredFeed(NamedTuple):
    """A feed with its row id in the database."""

    feed_id: int
    feed: Feed


class FeedCache:
    """A bounded cache of feeds by key; the least recently committed are dropped first.

    A commit pops the feeds that it works on, and puts them back once they are on the disk: a commit that
    fails leaves nothing stale in the cache.
    """

    def __init__(self) -> None:
        self._feeds: dict[FeedKey, StoredFeed] = {}
        self._weight = 0

    def pop(self, keys: Iterable[FeedKey]) -> dict[FeedKey, StoredFeed]:
        """Remove the feeds with these keys and return those that were cached."""
        return {key: self._remove(key) for key in keys if key in self._feeds}

    def put(self, committed: Mapping[FeedKey, StoredFeed]) -> None:
        """Add feeds as they are on the disk, popped before, and drop the oldest to stay within the bounds."""
        for key, stored in committed.items():
            self._feeds[key] = stored
            self._weight += stored.feed.memory_bytes
        while len(self._feeds) > _MAX_FEEDS or self._weight > _MAX_BYTES:
            self._remove(next(iter(self._feeds)))

    def clear(self) -> None:
        """Remove all feeds, because something other than a commit changes them."""
        self._feeds.clear()
        self._weight = 0

    def _remove(self, key: FeedKey) -> StoredFeed:
        removed = self._feeds.pop(key)
        self._weight -= removed.feed.memory_bytes
        return removed
