"""A feed: the counters of one user's notifications in one app."""

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from unisono.server.model.target import Audience, target_of_key
from unisono.server.model.value import value


class FeedKey(NamedTuple):
    """Names a feed: one for each user of each app."""

    app_id: str
    user_id: str


@value(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed's row says.

    `revision` is that of the last change, 0 before the first. `floor` is the highest revision of a
    purged tombstone: a position below it cannot be resumed. `live` counts live notifications.
    `unread` counts those that a badge counts, by the key of their target policy, without zeros.
    `epoch` is random, and made with the feed.
    """

    key: FeedKey
    epoch: bytes
    revision: int = 0
    floor: int = 0
    live: int = 0
    unread: Mapping[str, int] = field(default_factory=dict)

    def unread_count(self, audience: Audience | None = None) -> int:
        """The unread count of one endpoint, or of the whole feed."""
        if audience is None:
            return sum(self.unread.values())
        return sum(n for k, n in self.unread.items() if target_of_key(k).includes(audience))
