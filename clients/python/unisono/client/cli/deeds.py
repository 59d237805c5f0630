"""What the keys of the inbox do to a notification: marks, as the service takes them. Pure."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unisono.client._model import Notification, ReadState, UserActionState

if TYPE_CHECKING:
    from unisono.client._calls import State

SNOOZE: Final = timedelta(minutes=10)

MARKING: Final = ("r", "d", "s", "enter")
"""The keys that mark. The same key undoes what it did, but for Enter: what was opened was opened."""


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
