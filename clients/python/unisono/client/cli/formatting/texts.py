"""Short texts for a notification: its mark, its headline, its state; without characters that do harm.

The proto keeps only U+0000 out of texts: a title could move the cursor, or reverse a line.
"""

import os
import re
from typing import Final

from unisono.client._model import Notification, ReadState, UserActionState
from unisono.client.cli.formatting.json_output import name_of

RINGS: Final = "♪"
REMOVED: Final = "−"  # noqa: RUF001  the width of the other marks

#: C0, DEL and C1, among them ESC; and the marks that override the direction of what follows.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

_PUT_ASIDE: Final = {UserActionState.DISMISSED: "✕", UserActionState.SNOOZED: "z"}

#: The name of ACTIVATED for people.
_OPENED: Final = "opened"


def typed(text: str) -> str | None:
    """Return an argument as it was typed; None if that is no text in UTF-8.

    Where the locale knows less than UTF-8, as in many containers, Python keeps the bytes as surrogates
    (PEP 383).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(text).decode()
        except UnicodeError:
            return None
    return text


def one_line(text: str) -> str:
    """Return a text in one line: breaks and runs of blanks are one blank, what is unsafe becomes U+FFFD."""
    return _UNSAFE.sub("\ufffd", " ".join(text.split()))


def paragraphs(text: str) -> list[str]:
    """Return the lines of a text, where what is unsafe becomes U+FFFD."""
    return [_UNSAFE.sub("\ufffd", line.expandtabs(4).rstrip()) for line in text.splitlines()]


def mark_of(row: Notification) -> str:
    """Return the mark of a notification: ● unread, ✓ read, ✕ dismissed, z snoozed."""
    return _PUT_ASIDE.get(row.user_action_state) or ("●" if row.read_state is ReadState.UNREAD else "✓")


def headline(row: Notification) -> str:
    """Return the title in one line; without a title, what there is for the app."""
    if row.data and not row.title and not row.raw_content:
        return "(data for the app)"
    return one_line(row.title) or f"({len(row.raw_content)} bytes for the app)"


def buttons(row: Notification) -> str:
    """Return the labels of the actions in one line, each in brackets; empty without actions."""
    return " ".join(f"[{one_line(action.label)}]" for action in row.actions)


def summary(row: Notification) -> str:
    """Return in one line the headline, and the actions and the link where there are some."""
    return " ".join(filter(None, (headline(row), buttons(row), one_line(row.link))))


def state_of(row: Notification) -> str:
    """Return the state of a notification, such as "unread" or "read, dismissed"."""
    states = [name_of(row.read_state)]
    if row.user_action_state is UserActionState.ACTIVATED:
        states.append(_OPENED)
    elif row.user_action_state is not UserActionState.NO_INTERACTION:
        states.append(name_of(row.user_action_state))
    return ", ".join(states)
