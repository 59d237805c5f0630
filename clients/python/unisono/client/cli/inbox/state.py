"""What the inbox on the screen shows of a device, and which notification is selected. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from unisono.client._device.state import Status
from unisono.client._model import Notification, UserActionState


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewModel:
    """All that can be seen at one moment.

    `rows` are in the order of the screen; `selected` is the place of one of them, or -1. `trouble`
    says why it is offline, and `since` since when. `asking`: whether the next key says to delete it.
    `user_id` is empty until something says it. `now` gives the zone of all times.
    """

    user_id: str
    endpoint_id: str
    status: Status
    error: str
    since: datetime
    unread_count: int
    revision: int
    rows: Sequence[Notification]
    selected: int
    hidden: int
    ringing: frozenset[str]
    pending_marks: int
    notice: str
    helping: bool
    asking: bool
    now: datetime


def handled(row: Notification) -> bool:
    """Whether the user is done with it."""
    return row.user_action_state is UserActionState.DISMISSED


def still_ringing(
    until: Mapping[str, datetime], rows: Sequence[Notification], now: datetime
) -> dict[str, datetime]:
    """Those of them that ring, and until when: what does not wait any more has nothing to ring for."""
    return {
        row.id: until[row.id]
        for row in rows
        if row.counts_as_unread and row.id in until and until[row.id] > now
    }


def arranged(rows: Sequence[Notification], *, show_handled: bool) -> list[Notification]:
    """In the order of the screen: what is handled comes last, or not at all."""
    shown = [row for row in rows if not handled(row)]
    return shown + [row for row in rows if handled(row)] if show_handled else shown


class Selection:
    """Stays on its notification while others come and go; on its place when that goes itself."""

    def __init__(self) -> None:
        self._id = ""
        self._place = 0

    def settle(self, rows: Sequence[Notification]) -> int:
        """The place of the selected one among these, or -1 when there are none."""
        place = next((place for place, row in enumerate(rows) if row.id == self._id), self._place)
        self._select(rows, place)
        return self._place if rows else -1

    def move(self, rows: Sequence[Notification], steps: int) -> None:
        """Select the one that is so many places below."""
        self._select(rows, self.settle(rows) + steps)

    def leave(self, rows: Sequence[Notification]) -> None:
        """Select the neighbour, before the selected one goes."""
        last = self.settle(rows) == len(rows) - 1
        self.move(rows, -1 if last else 1)

    def _select(self, rows: Sequence[Notification], place: int) -> None:
        self._place = min(max(place, 0), max(len(rows) - 1, 0))
        self._id = rows[self._place].id if rows else ""
