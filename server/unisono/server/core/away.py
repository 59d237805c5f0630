"""The feeds whose last device left lately: mostly it comes back soon, to few changes. Knows no streams."""

from collections.abc import Sequence
from typing import Final

from unisono.server.model import FeedKey

AWAY_SECONDS: Final = 300.0
"""How long a feed counts as left lately, in seconds."""

AWAY_FEEDS: Final = 10_000
"""How many feeds do, at most: each takes less than a kilobyte, besides its tail."""


class AwayFeeds:
    """The feeds that were left lately, in the order in which they were. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._left: dict[FeedKey, float] = {}

    def add(self, feed: FeedKey, now: float) -> None:
        """Count a feed, which its last device leaves now."""
        self._left[feed] = now

    def remove(self, feed: FeedKey) -> None:
        """Stop counting a feed, if it is counted."""
        self._left.pop(feed, None)

    def expire(self, now: float) -> Sequence[FeedKey]:
        """Stop counting the feeds that were left long ago, or are too many, and return them."""
        expired: list[FeedKey] = []
        for feed, left_at in self._left.items():
            if left_at + AWAY_SECONDS > now and len(self._left) - len(expired) <= AWAY_FEEDS:
                break
            expired.append(feed)
        for feed in expired:
            del self._left[feed]
        return expired
