"""Where a device is in its feed, and what a row means to it there. Pure; knows no tokens and no store.

A position is three revisions (the contract, section 3): *cursor* is passed, *known* is the last
complete revision, *base* marks what is news: older than it neither rings nor needs a removal.
"""

from dataclasses import dataclass
from typing import Self

from unisono.server.model import ChangeType, Notification


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A row as an event for one device. `origin` is known only where it is exactly one change."""

    notification: Notification
    type: ChangeType
    alert: bool
    origin: str = ""

    @property
    def removed(self) -> bool:
        """Whether the device removes it, rather than inserts or updates it."""
        return not self.notification.live

    @property
    def with_payload(self) -> bool:
        """Whether the event carries the payload."""
        return self.type in (ChangeType.CREATED, ChangeType.UPDATED)


def sight(row: Notification, position: Position, now: int) -> Sighting | None:
    """What a row after the cursor is to a device at this position; None when it is nothing."""
    if row.removal is not None:
        if row.revision <= position.base:
            return None
        return Sighting(notification=row, type=row.removal, alert=False)
    alert = row.alert_revision > position.base and row.rings_at(now)
    return Sighting(notification=row, type=change_type(row, position.known), alert=alert)


def change_type(row: Notification, known: int) -> ChangeType:
    """Why a live row is sent to a device that has the state at revision `known`."""
    if row.create_revision > known:
        return ChangeType.CREATED
    if row.content_revision > known:
        return ChangeType.UPDATED
    return ChangeType.STATE_CHANGED
