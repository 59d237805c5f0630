"""The working state of one feed while a batch is decided: each item sees those before it."""

from collections.abc import Iterable, Iterator, Sequence

from unisono.server.core.decide.commands import Ref
from unisono.server.model import Change, ChangeType, Feed, Notification, SenderRole


class Ledger:
    """Takes revisions, keeps rows and counters in step, and remembers every change in order."""

    __slots__ = ("_by_key", "_feed", "_live", "_revision", "_rows", "_unread", "_written", "changes")

    def __init__(self, feed: Feed, rows: Sequence[Notification]) -> None:
        self._feed = feed
        self._rows: dict[str, Notification] = {}
        self._by_key: dict[str, list[str]] = {}
        self._unread = dict(feed.unread)
        self._live = feed.live
        self._revision = feed.revision
        self._written: dict[str, None] = {}
        self.changes: list[Change] = []
        for row in rows:
            self._keep(row)

    @property
    def next_revision(self) -> int:
        """The revision that the next change will take."""
        return self._revision + 1

    @property
    def live(self) -> int:
        """How many notifications are live."""
        return self._live

    @property
    def feed(self) -> Feed:
        """The feed's row as it is now."""
        unread = {target: n for target, n in self._unread.items() if n}
        before = self._feed
        return Feed(
            key=before.key,
            epoch=before.epoch,
            revision=self._revision,
            floor=before.floor,
            live=self._live,
            unread=unread,
        )

    @property
    def written(self) -> Iterator[Notification]:
        """Each row that changed, in its last form."""
        return (self._rows[id_] for id_ in self._written)

    @property
    def rows(self) -> Iterable[Notification]:
        """Every row that was read or written."""
        return self._rows.values()

    def row(self, id_: str) -> Notification | None:
        """The row of this id, live or not, if it was read or written."""
        return self._rows.get(id_)

    def with_key(self, role: SenderRole, key: str) -> list[Notification]:
        """The rows that this role gave this key: the live one first, then the newest."""
        rows = (row for row in self._keyed(key) if row.sender_role is role)
        return sorted(rows, key=lambda row: (not row.live, -row.revision))

    def resolve(self, ref: Ref, role: SenderRole) -> Notification | None:
        """What a caller of this role means by a reference, live or not."""
        if ref.id:
            return self._rows.get(ref.id)
        return preferred(self._keyed(ref.key), role)

    def write(self, row: Notification, change: ChangeType, origin: str = "") -> Notification:
        """Commit a row, which carries `next_revision`, as one change."""
        self._count(self._rows.get(row.id), -1)
        self._count(row, +1)
        self._revision = row.revision
        self._keep(row)
        self._written[row.id] = None
        self.changes.append(Change(type=change, notification=row, origin=origin))
        return row

    def _keep(self, row: Notification) -> None:
        if row.id not in self._rows and row.app_notification_id:
            self._by_key.setdefault(row.app_notification_id, []).append(row.id)
        self._rows[row.id] = row

    def _keyed(self, key: str) -> list[Notification]:
        return [self._rows[id_] for id_ in self._by_key.get(key, ())]

    def _count(self, row: Notification | None, by: int) -> None:
        if row is None or not row.live:
            return
        self._live += by
        if row.counts:
            key = row.target.key
            self._unread[key] = self._unread.get(key, 0) + by


def preferred(named: Iterable[Notification], role: SenderRole) -> Notification | None:
    """Which of the rows with one key a caller of this role means: a live one, then one of its role."""
    return min(named, key=lambda r: (not r.live, r.sender_role is not role, -r.revision), default=None)
