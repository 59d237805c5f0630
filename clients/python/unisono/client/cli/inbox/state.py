"""The view model of the inbox, and which notification is selected. Does no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from unisono.client._device.state import Status
from unisono.client._model import Notification, UserActionState


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewModel:
    """All that the inbox shows at one moment.

    user_id: empty until there is a notification, which names the user.
    error, since: why the device is offline, if it is, and when its status last changed.
    rows, selected, hidden: the rows in the order of the screen, the index of the selected one (-1: there
        is none), and how many notifications are not among them.
    ringing: ids. pending_marks: those that wait for the connection. notice: what came of a key.
    helping, asking: whether the help is shown, and whether the next key decides about a deletion.
    now: gives also the zone in which all times are shown.
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
    """Return whether the user is done with a notification: it was dismissed."""
    return row.user_action_state is UserActionState.DISMISSED


def still_ringing(
    until: Mapping[str, datetime], rows: Sequence[Notification], now: datetime
) -> dict[str, datetime]:
    """Return the ids of notifications that still ring, with until when: they must also count as unread."""
    return {
        row.id: until[row.id]
        for row in rows
        if row.counts_as_unread and row.id in until and until[row.id] > now
    }


def arranged(rows: Sequence[Notification], *, show_handled: bool) -> list[Notification]:
    """Return notifications in the order of the screen: handled ones come last, or not at all."""
    shown = [row for row in rows if not handled(row)]
    return shown + [row for row in rows if handled(row)] if show_handled else shown


class Selection:
    """The selected notification. It stays selected while others come and go; if it goes, its place does."""

    def __init__(self) -> None:
        self._id = ""
        self._place = 0

    def settle(self, rows: Sequence[Notification]) -> int:
        """Return the index of the selected notification among these, or -1 when there are none."""
        place = next((place for place, row in enumerate(rows) if row.id == self._id), self._place)
        self._select(rows, place)
        return self._place if rows else -1

    def move(self, rows: Sequence[Notification], steps: int) -> None:
        """Select the notification `steps` places further down, but not beyond the first and the last."""
        self._select(rows, self.settle(rows) + steps)

    def leave(self, rows: Sequence[Notification]) -> None:
        """Select the next notification, or before the last one the previous, as the selected one will go."""
        last = self.settle(rows) == len(rows) - 1
        self.move(rows, -1 if last else 1)

    def _select(self, rows: Sequence[Notification], place: int) -> None:
        self._place = min(max(place, 0), max(len(rows) - 1, 0))
        self._id = rows[self._place].id if rows else ""
