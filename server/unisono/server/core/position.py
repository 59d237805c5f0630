"""Where a device is in its feed, and what a row means to it there. Pure; knows no tokens and no store.

A position is three revisions (the contract, section 3): *cursor* is passed, *known* is the last
complete revision, *base* marks what is news: older than it neither rings nor needs a removal.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

from unisono.server.model import ChangeType
from unisono.server.store.reads import EncodedRow


@dataclass(frozen=True, slots=True)
class Position:
    """Three revisions of a feed."""

    cursor: int
    known: int
    base: int

    @classmethod
    def beginning(cls, last: int) -> Self:
        """Of a device that holds nothing and wants all: what is there already does not ring."""
        return cls(0, 0, last)

    @classmethod
    def complete_at(cls, last: int) -> Self:
        """Of a device that has everything up to `last`, or wants nothing of it."""
        return cls(last, last, last)

    @property
    def complete(self) -> bool:
        """Whether the device holds the state at its cursor: then live events may follow."""
        return self.cursor == self.known

    def covered(self, floor: int) -> bool:
        """Whether every removal that this device needs is still stored."""
        return max(self.cursor, self.base) >= floor

    def resumable(self, last: int, floor: int) -> bool:
        """Whether a feed at revision `last` with this floor can continue from here."""
        return max(self.cursor, self.known, self.base) <= last and self.covered(floor)

    def passed(self, revision: int) -> "Position":
        """The position after a page that was not the last: nothing is complete yet."""
        return Position(revision, self.known, self.base)


class CatchUpEvent(NamedTuple):
    """A stored row as the event of a device that catches up."""

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


WITH_PAYLOAD = frozenset((ChangeType.CREATED, ChangeType.UPDATED))
"""The changes that bring content that the device does not have."""


def catch_up_event(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    """The event of a row after the cursor for a device at this position; None when it needs none.

    A removal is only sent of what the device may hold. `now`, in milliseconds since 1970, decides whether
    an alert is still worth a ring.
    """
    if row.removal is not None:
        if row.revision <= position.base:
            return None
        return CatchUpEvent(row, ChangeType(row.removal), alert=False)
    alert = row.alert_revision > position.base and now < row.rings_until
    return CatchUpEvent(row, change_type(row, position.known), alert)


def change_type(row: EncodedRow, known: int) -> ChangeType:
    """Why a live row is sent to a device that has the state at revision `known`."""
    if row.create_revision > known:
        return ChangeType.CREATED
    if row.content_revision > known:
        return ChangeType.UPDATED
    return ChangeType.STATE_CHANGED
