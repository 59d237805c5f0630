"""Which notifications a device shows: all but those whose time has passed. Pure, but for what it remembers.

The store keeps them until their expiry is committed, and of those whose display time is over it does so for
days; a person does not want to see them any more (docs/devices.md).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from unisono.client._model import Notification

_NONE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FAR: Final = datetime.max.replace(tzinfo=UTC)


def passes_at(row: Notification) -> datetime:
    """Return when the time of a notification passes: its display time or its life, what ends first.

    The display time counts from the last alert. A notification without an `expire_time`, which no server
    sends, lives for ever.
    """
    life = _FAR if row.expire_time == _NONE else row.expire_time
    if row.display_time_to_live is None:
        return life
    try:
        return min(life, row.alert_time + row.display_time_to_live)
    except OverflowError:
        return life


class ShownRows:
    """Leaves out what has passed, and remembers the result until the next does."""

    def __init__(self) -> None:
        self._rows: tuple[Notification, ...] = ()
        self._shown: tuple[Notification, ...] = ()
        self._from = self._until = _NONE

    def of(self, rows: tuple[Notification, ...], now: datetime) -> tuple[Notification, ...]:
        """Return those of the rows whose time has not passed, in their order."""
        self._look(rows, now)
        return self._shown

    def changes_at(self, rows: tuple[Notification, ...], now: datetime) -> datetime:
        """Return when the next of the rows passes; the end of all times where none does."""
        self._look(rows, now)
        return self._until

    def _look(self, rows: tuple[Notification, ...], now: datetime) -> None:
        if rows is self._rows and self._from <= now < self._until:
            return
        passings = [passes_at(row) for row in rows]
        self._rows, self._from = rows, now
        self._shown = tuple(row for row, end in zip(rows, passings, strict=True) if end > now)
        self._until = min((end for end in passings if end > now), default=_FAR)


def badge(unread_count: int, rows: Sequence[Notification], shown: Sequence[Notification]) -> int:
    """Return the number for an app's icon: what counts as unread, less what is not shown."""
    hidden = _unread(rows) - _unread(shown) if len(shown) < len(rows) else 0
    return max(0, unread_count - hidden)


def _unread(rows: Sequence[Notification]) -> int:
    return sum(row.counts_as_unread for row in rows)
