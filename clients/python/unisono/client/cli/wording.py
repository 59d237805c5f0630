"""A notification in a few words: its mark, its headline, its state. Pure."""

from typing import Final

from unisono.client._model import Notification, ReadState, UserActionState
from unisono.client.cli.names import name_of
from unisono.client.cli.printable import one_line

RINGS: Final = "♪"

_BY_ACTION: Final = {
    UserActionState.ACTIVATED: "✓",
    UserActionState.DISMISSED: "✕",
    UserActionState.SNOOZED: "z",
}


def mark_of(row: Notification) -> str:
    """One character: ● waits, ✓ was opened, ✕ dismissed, z sleeps, · read."""
    unread = "●" if row.read_state is ReadState.UNREAD else "·"
    return unread if row.waits else _BY_ACTION.get(row.user_action_state, unread)


def headline(row: Notification) -> str:
    """The title in one line; of what has none, how much content it has."""
    return one_line(row.title) or f"({len(row.raw_content)} bytes for the app)"


def state_of(row: Notification) -> str:
    """read, dismissed"""
    states = [name_of(row.read_state)]
    if row.user_action_state is not UserActionState.NO_INTERACTION:
        states.append(name_of(row.user_action_state))
    return ", ".join(states)
