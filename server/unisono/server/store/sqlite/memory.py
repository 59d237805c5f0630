"""The feeds that were committed last, so that those who are sent much to are not read every time.

Nobody but the writer changes feeds, and a memory belongs to its thread. Knows no statement.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from unisono.server.model import Feed, FeedKey

#: How many feeds are remembered: about six megabytes.
_MOST: Final = 10_000

#: How much memory their target policies take, in bytes.
_MOST_BYTES: Final = 32 * 1024 * 1024


class Stored(NamedTuple):
    """A feed, and its number in the database."""

    number: int
    feed: Feed


class Memory:
    """What is known of feeds without reading.

    A commit takes out what it works on, and puts it back when it is on the disk: whatever goes wrong with
    it, nothing wrong is remembered.
    """

    def __init__(self) -> None:
        self._feeds: dict[FeedKey, Stored] = {}
        self._weight = 0

    def take(self, keys: Iterable[FeedKey]) -> dict[FeedKey, Stored]:
        """What is known of these, which is forgotten."""
        return {key: self._forget(key) for key in keys if key in self._feeds}

    def keep(self, committed: Mapping[FeedKey, Stored]) -> None:
        """What is on the disk now, of feeds that were taken out. What was kept the longest makes room."""
        for key, stored in committed.items():
            self._feeds[key] = stored
            self._weight += stored.feed.weight
        while len(self._feeds) > _MOST or self._weight > _MOST_BYTES:
            self._forget(next(iter(self._feeds)))

    def clear(self) -> None:
        """Forget everything: feeds are about to be changed in another way."""
        self._feeds.clear()
        self._weight = 0

    def _forget(self, key: FeedKey) -> Stored:
        forgotten = self._feeds.pop(key)
        self._weight -= forgotten.feed.weight
        return forgotten
