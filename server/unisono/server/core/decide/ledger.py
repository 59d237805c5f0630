"""The working state of one feed while a batch is decided: each command sees those before it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from unisono.server.core.decide.commands import Ref
from unisono.server.core.decide.keys import Keys
from unisono.server.core.decide.settled import SettledRows
from unisono.server.model import Change, ChangeType, Counts, Feed, Notification, SenderRole

_NONE = Counts(0, 0)


class Ledger:
    """Gives revisions to changes, and keeps rows, counters and the list of changes in step.

    `changes` has every change so far, in order; `keys` finds rows by their keys.
    """

    __slots__ = (
        "_changing",
        "_created",
        "_feed",
        "_live",
        "_moved",
        "_revision",
        "_rows",
        "_settled",
        "_size",
        "_targets",
        "_unread",
        "_written",
        "changes",
        "keys",
    )

    def __init__(self, feed: Feed, rows: Sequence[Notification]) -> None:
        self._feed = feed
        self._rows: dict[str, Notification] = {}
        self._unread = feed.unread
        self._targets = feed.targets
        self._changing: dict[str, Counts] | None = None
        self._live = feed.live
        self._size = feed.size
        self._revision = feed.revision
        self._written: dict[str, None] = {}
        self._created: list[Notification] = []
        self._moved: dict[str, dict[str, None]] = {}
        self.keys = Keys()
        self._settled: SettledRows | None = None
        self.changes: list[Change] = []
        for row in rows:
            self._rows[row.id] = row
            self.keys.put(None, row)

    @property
    def next_revision(self) -> int:
        """The revision that the next change will take."""
        return self._revision + 1

    @property
    def epoch(self) -> bytes:
        """The epoch of the feed."""
        return self._feed.epoch

    @property
    def live(self) -> int:
        """The number of live notifications."""
        return self._live

    @property
    def size(self) -> int:
        """The sum of the sizes of the live notifications, in bytes."""
        return self._size

    @property
    def targets(self) -> Mapping[str, Counts]:
        """The counts of what is not meant for every endpoint, by the key of its target policy."""
        return self._targets if self._changing is None else self._changing

    @property
    def endpoints(self) -> int | None:
        """The number of endpoints that the user has; None where it is not known."""
        return self._feed.endpoints

    @property
    def feed(self) -> Feed:
        """The feed's row after the changes so far."""
        before = self._feed
        # A feed that was returned must not change.
        self._targets, self._changing = self.targets, None
        return Feed(
            key=before.key,
            epoch=before.epoch,
            revision=self._revision,
            floor=before.floor,
            live=self._live,
            size=self._size,
            unread=self._unread,
            targets=self._targets,
            endpoints=before.endpoints,
        )

    @property
    def written(self) -> Iterator[Notification]:
        """The rows that changed, each once, in its last form."""
        return (self._rows[id_] for id_ in self._written)

    def row(self, id_: str) -> Notification | None:
        """Return the row with this id, live or not; None unless it was read or written."""
        return self._rows.get(id_)

    @property
    def settled(self) -> SettledRows:
        """The known rows that may give way to a send."""
        # Only a feed that is full needs them.
        if self._settled is None:
            self._settled = SettledRows(self._rows.values())
        return self._settled

    def expired(self, now: int) -> list[Notification]:
        """Return the known live rows that have expired at `now` (ms since 1970), in the order of expiry."""
        expired = [row for row in self._rows.values() if row.live and row.expire_time <= now]
        return sorted(expired, key=lambda row: (row.expire_time, row.create_revision))

    def created(self, after: int, limit: int) -> Sequence[Notification]:
        """Return the first rows that this batch created after create_revision `after`, as they were then."""
        first = bisect_right(self._created, after, key=lambda row: row.create_revision)
        return self._created[first : first + limit]

    def moved_into(self, group_name: str) -> Iterable[str]:
        """Return the ids of rows that this batch moved into a group; they may have left it again."""
        return self._moved.get(group_name, ())

    def resolve(self, ref: Ref, role: SenderRole) -> Notification | None:
        """Return the row that a caller of this role means by a reference, live or not, or None."""
        if ref.id:
            return self._rows.get(ref.id)
        return self.keys.named(role, ref.key)

    def write(self, row: Notification, change: ChangeType, origin: str = "") -> Notification:
        """Write a row, which carries `next_revision`, as one change, and return it.

        `origin` is the endpoint that made the change, or empty.
        """
        before = self._rows.get(row.id)
        self._count(before, -1)
        self._count(row, +1)
        self._revision = row.revision
        self._rows[row.id] = row
        self.keys.put(before, row)
        if self._settled is not None:
            self._settled.put(row)
        self._written[row.id] = None
        if before is None:
            self._created.append(row)
        elif before.group_name != row.group_name:
            self._moved.setdefault(row.group_name, {})[row.id] = None
        self.changes.append(Change(type=change, notification=row, origin=origin))
        return row

    def _count(self, row: Notification | None, by: int) -> None:
        if row is None or not row.live:
            return
        self._live += by
        self._size += by * row.size
        unread = by if row.counts_as_unread else 0
        if key := row.target.key:
            self._count_target(key, by, unread)
        else:
            self._unread += unread

    def _count_target(self, key: str, live: int, unread: int) -> None:
        """Add to the counts of a policy, which has none while nothing live has it."""
        if self._changing is None:
            self._changing = dict(self._targets)
        known = self._changing.get(key, _NONE)
        counts = Counts(known.live + live, known.unread + unread)
        if counts.live:
            self._changing[key] = counts
        else:
            del self._changing[key]


def preferred(named: Iterable[Notification], role: SenderRole) -> Notification | None:
    """Return which of the rows with one key a caller of this role means, None if there are none.

    A live one comes first, then one of the role, then the newest (proto message NotificationRef).
    """
    return min(named, key=lambda r: (not r.live, r.sender_role is not role, -r.revision), default=None)
