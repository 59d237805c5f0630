"""The latest changes of one feed, encoded once for all of its sessions."""

from collections.abc import Sequence

from unisono.server.bus.base import Hint
from unisono.server.core.events import BATCH_BYTES, EncodeChange
from unisono.server.model import Audience, Change, Feed

#: The most changes in a tail, which has at most BATCH_BYTES of payloads and targets: more would not fit
#: into one batch. A session that is further behind reads the store, which also collapses changes.
TAIL_CHANGES = 256

#: Approximate bytes of a change besides what may be large in it, which is there up to three times: as it
#: is, and encoded with and without a ring.
_CHANGE_TAKES = 1500


class Tail:
    """The latest changes of a feed, in order and without a gap, and the feed's row after the last of them."""

    __slots__ = ("_encode", "_entries", "_feed", "_size")

    def __init__(self, encode: EncodeChange) -> None:
        self._encode = encode
        # Not a deque: an empty one takes 600 bytes, and nearly every tail is empty.
        self._entries: list[_Entry] = []
        self._size = 0
        self._feed: Feed | None = None

    @property
    def memory_bytes(self) -> int:
        """The most memory that the tail takes, in bytes, approximately."""
        targets = self._feed.memory_bytes if self._feed is not None else 0
        return 3 * self._size + _CHANGE_TAKES * len(self._entries) + targets

    def on_hint(self, hint: Hint) -> None:
        """Append the changes of a hint, or start anew with them where they do not continue the tail.

        A hint without changes empties the tail; one whose changes are in it is ignored.
        """
        if hint.feed is None or not hint.changes:
            self.drop()
        elif not self._has(hint.feed):
            self._append(hint.feed, hint.changes)

    def drop(self) -> None:
        """Empty the tail."""
        self._entries.clear()
        self._size = 0
        self._feed = None

    def after(
        self, cursor: int, audience: Audience, now: int, *, collapsed: bool = False
    ) -> tuple[Feed, Sequence[bytes]] | None:
        """Return the feed's row, and the events after `cursor` that are meant for the audience, in order.

        None when `cursor` is not within the tail, when the events are more than `BATCH_BYTES`, and with
        `collapsed` when one notification has several of them (Collapsed). `now`, in milliseconds since 1970,
        decides whether an alert is still worth a ring.
        """
        if self._feed is None or not self._start <= cursor <= self._feed.revision:
            return None
        events: list[bytes] = []
        seen: set[str] = set()
        size = 0
        for entry in reversed(self._entries):
            if entry.revision <= cursor:
                break
            row = entry.change.notification
            if not row.target.includes(audience):
                continue
            if collapsed and row.id in seen:
                return None
            seen.add(row.id)
            events.append(entry.encoded(self._encode, cursor, now))
            size += len(events[-1])
            if size > BATCH_BYTES:
                return None
        events.reverse()
        return self._feed, events

    @property
    def _start(self) -> int:
        """The cursor that the first entry continues."""
        last = self._feed.revision if self._feed else 0
        return self._entries[0].revision - 1 if self._entries else last

    def _has(self, feed: Feed) -> bool:
        """Whether the changes up to this row are known. A purged feed begins again, with another epoch."""
        known = self._feed
        return known is not None and known.epoch == feed.epoch and known.revision >= feed.revision

    def _append(self, feed: Feed, changes: Sequence[Change]) -> None:
        first = changes[0].notification.revision
        known = self._feed
        if known is None or known.epoch != feed.epoch or first != known.revision + 1:
            self.drop()
        new = [_Entry(change) for change in changes[-TAIL_CHANGES:]]
        self._entries += new
        self._size += sum(entry.size for entry in new)
        self._shorten()
        self._feed = feed

    def _shorten(self) -> None:
        """Drop the oldest entries that are too much, all at once."""
        gone = max(len(self._entries) - TAIL_CHANGES, 0)
        self._size -= sum(entry.size for entry in self._entries[:gone])
        while self._size > BATCH_BYTES:
            self._size -= self._entries[gone].size
            gone += 1
        if gone:
            del self._entries[:gone]


class _Entry:
    """A change, and its encodings with and without a ring, each made when it is first needed."""

    __slots__ = ("_bytes", "change", "revision", "size")

    def __init__(self, change: Change) -> None:
        self.change = change
        row = change.notification
        self.revision = row.revision
        #: Approximate bytes of what may be large in it.
        self.size = len(row.payload or b"") + sum(map(len, row.target.endpoint_ids))
        self._bytes: dict[bool, bytes] = {}

    def encoded(self, encode: EncodeChange, cursor: int, now: int) -> bytes:
        """Return the event for a session that is complete at this cursor, which is its base, too."""
        row = self.change.notification
        alert = row.alert_revision > cursor and now < row.rings_until
        if alert not in self._bytes:
            self._bytes[alert] = encode(self.change, alert)
        return self._bytes[alert]
