"""What the keys of the inbox mean: where they lead, the marks they make, and how they are explained. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unisono.client._model import Notification, ReadState, UserActionState

if TYPE_CHECKING:
    from unisono.client._calls import State

SNOOZE: Final = timedelta(minutes=10)

MARKING: Final = ("r", "d", "s", "enter")
"""The keys that mark. The same key undoes what it did, but for Enter: what was opened was opened."""

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
"""The keys that select, and how many places further down."""

ASK: Final = "x again to delete on every device, any other key to keep"
ASK_BRIEFLY: Final = "x again: delete · else: keep"
"""What the last line of the screen says before something is deleted."""

#: What the last line of the screen says of keys, where there is room; and what it always says.
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
    """The state that a key asks for."""
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
