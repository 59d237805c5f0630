"""Positions of devices in a feed (docs/concepts.md#position), and the events that rows are to them there."""

from dataclasses import dataclass
from typing import NamedTuple, Self

from unisono.server.model import ChangeType
from unisono.server.store.reads import EncodedRow


@dataclass(frozen=True, slots=True)
class Position:
    """The position of a device in its feed: three revisions.

    The device has passed `cursor`. `known` is its last complete revision, as of which it holds the feed's
    state. What is not newer than `base` is no news to it: it neither rings nor needs a removal.
    """

    cursor: int
    known: int
    base: int

    @classmethod
    def beginning(cls, last: int) -> Self:
        """Return the position of a device that holds nothing and wants all: what is there does not ring."""
        return cls(0, 0, last)

    @classmethod
    def complete_at(cls, last: int) -> Self:
        """Return the position of a device that has everything up to `last`, or wants nothing of it."""
        return cls(last, last, last)

    @property
    def complete(self) -> bool:
        """Whether the device holds the feed's state at its cursor, so that live events may follow."""
        return self.cursor == self.known

    def covered(self, floor: int) -> bool:
        """Return whether a feed with this floor still stores every removal that the device needs."""
        return max(self.cursor, self.base) >= floor

    def resumable(self, last: int, floor: int) -> bool:
        """Return whether a feed at revision `last` with this floor can continue from here (Resumable)."""
        return max(self.cursor, self.known, self.base) <= last and self.covered(floor)

    def passed(self, revision: int) -> "Position":
        """Return the position after a page up to `revision` that was not the last: it is not complete yet."""
        return Position(revision, self.known, self.base)


class CatchUpEvent(NamedTuple):
    """A stored row as an event for a device that catches up; `alert` says whether it rings."""

    row: EncodedRow
    type: ChangeType
    alert: bool

    @property
    def removed(self) -> bool:
        """Whether the device removes it, rather than inserts or updates it."""
        return self.row.removal is not None

    @property
    def with_payload(self) -> bool:
        """Whether the event carries the payload."""
        return self.type in WITH_PAYLOAD


# Not a set: the hash of an enum is made in Python, which takes longer than all the rest of an event.
WITH_PAYLOAD = (ChangeType.CREATED, ChangeType.UPDATED)
"""The types of changes that bring content that the device does not have."""


def catch_up_event(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    """Return the event of a row after the cursor for a device at this position; None when it needs none.

    A removal is sent only of what the device may hold. `now`, in milliseconds since 1970, decides whether
    an alert is still worth a ring.
    """
    if row.removal is not None:
        if row.revision <= position.base:
            return None
        return CatchUpEvent(row, ChangeType(row.removal), alert=False)
    alert = row.alert_revision > position.base and now < row.rings_until
    return CatchUpEvent(row, change_type(row, position.known), alert)


def change_type(row: EncodedRow, known: int) -> ChangeType:
    """Return why a live row is sent to a device that has the state at revision `known`."""
    if row.create_revision > known:
        return ChangeType.CREATED
    if row.content_revision > known:
        return ChangeType.UPDATED
    return ChangeType.STATE_CHANGED
