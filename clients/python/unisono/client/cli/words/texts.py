"""A notification in a few words: its mark, its headline, its state; and nothing in them that does harm.

The contract keeps only U+0000 out of texts: a title could move the cursor, or reverse a line.
"""

import re
from typing import Final

from unisono.client._model import Notification, ReadState, UserActionState
from unisono.client.cli.words.shapes import name_of

RINGS: Final = "♪"

#: C0, DEL and C1, among them ESC; and the marks that override the direction of what follows.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_BY_ACTION: Final = {
    UserActionState.ACTIVATED: "✓",
    UserActionState.DISMISSED: "✕",
    UserActionState.SNOOZED: "z",
}


def one_line(text: str) -> str:
    """The text in one line: breaks and runs of blanks are one blank, what is unsafe becomes U+FFFD."""
    return _UNSAFE.sub("\ufffd", " ".join(text.split()))


def paragraphs(text: str) -> list[str]:
    """The text line by line, without what is unsafe."""
    return [_UNSAFE.sub("\ufffd", line.expandtabs(4).rstrip()) for line in text.splitlines()]


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
