"""The meanings of the keys of the inbox: steps of the selection, marks, and their explanations."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unisono.client._model import Notification, ReadState, UserActionState

if TYPE_CHECKING:
    from unisono.client._selections import State

SNOOZE: Final = timedelta(minutes=10)

MARKING: Final = ("r", "d", "s", "enter")
"""The keys that mark. The same key undoes the mark, but for Enter: what was opened was opened."""

STEPS: Final = {
    "up": -1,
    "k": -1,
    "down": 1,
    "j": 1,
    "page-up": -10,
    "page-down": 10,
    "home": -(10**6),
    "end": 10**6,
}
"""The keys that select another notification, and how many places further down."""

ASK: Final = "x again to delete on every device, any other key to keep"
ASK_BRIEFLY: Final = "x again: delete · else: keep"
"""The last line of the screen before something is deleted, and its short form."""

#: The keys on the last line of the screen: those shown where there is room, and those always shown.
KEYS: Final = (
    ("r", "read"),
    ("d", "dismiss"),
    ("s", "snooze"),
    ("⏎", "open"),
    ("a", "all read"),
    ("x", "delete"),
    ("h", "hide"),
)
ALWAYS: Final = (("?", "help"), ("q", "quit"))

HELP: Final = (
    ("↑ ↓  k j", "select; Page, Home, End"),
    ("⏎", "open, which also reads it"),
    ("r", "read; again: unread"),
    ("d", "dismiss; again: undo"),
    ("s", "snooze 10 minutes; again: wake"),
    ("a", "mark all as read"),
    ("x", "delete on every device; asks before"),
    ("h", "hide or show dismissed ones"),
    ("q", "quit; ? Esc: leave this help"),
)

MARKS: Final = (
    ("●", "unread"),
    ("✓", "read"),
    ("✕", "dismissed"),
    ("z", "snoozed"),
    ("♪", "rings"),
)


def state_for(key: str, row: Notification, now: datetime) -> "State":
    """Return the new state of a notification that a key of `MARKING` asks for."""
    if key == "r":
        unread = row.read_state is ReadState.UNREAD
        return {"read_state": ReadState.READ if unread else ReadState.UNREAD}
    if key == "enter":
        return {"read_state": ReadState.READ, "user_action_state": UserActionState.ACTIVATED}
    wanted = UserActionState.DISMISSED if key == "d" else UserActionState.SNOOZED
    if row.user_action_state is wanted:
        return {"user_action_state": UserActionState.NO_INTERACTION}
    if key == "d":
        return {"user_action_state": wanted}
    return {"user_action_state": wanted, "snooze_until": now + SNOOZE}
