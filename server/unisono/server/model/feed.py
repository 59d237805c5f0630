"""A feed: the counters of one user's notifications in one app."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final, NamedTuple

from unisono.server.model.target import Audience, is_meant_for
from unisono.server.model.value import value

#: The memory that the counts of a target policy take besides its key, in bytes, approximately.
_COUNTS_TAKE: Final = 200


class FeedKey(NamedTuple):
    """Identifies a feed: each user of each app has one."""

    app_id: str
    user_id: str


class Counts(NamedTuple):
    """How many notifications with one target policy are live, and how many of those count as unread."""

    live: int
    unread: int


@value(frozen=True, slots=True, kw_only=True)
class Feed:
    """The stored row of a feed: its revision, its floor, and what it counts (the promise Exact).

    `epoch` is eight random bytes that are made with the feed. `revision` is that of the last change, 0 before
    the first. `floor` is the highest revision of a purged tombstone: a position below it cannot be resumed.
    `live` counts live notifications, `size` is the sum of their sizes in bytes. `unread` counts the unread
    ones that are meant for every endpoint; `targets` has the counts of the others, by key of their target
    policy, for policies with live notifications. `endpoints` counts the endpoints of the user that are not
    deleted; None where the store does not know it yet, since the feed was written before it was counted.
    """

    key: FeedKey
    epoch: bytes
    revision: int = 0
    floor: int = 0
    live: int = 0
    size: int = 0
    unread: int = 0
    targets: Mapping[str, Counts] = field(default_factory=dict)
    endpoints: int | None = None

    def unread_count(self, audience: Audience | None = None) -> int:
        """Return the unread count of one endpoint, or without an audience that of the whole feed."""
        targeted = ((key, counts.unread) for key, counts in self.targets.items() if counts.unread)
        return self.unread + sum(n for k, n in targeted if audience is None or is_meant_for(k, audience))

    @property
    def memory_bytes(self) -> int:
        """The memory that the counts by target policy take, in bytes, approximately; the rest is small."""
        return sum(map(len, self.targets)) + _COUNTS_TAKE * len(self.targets) if self.targets else 0
