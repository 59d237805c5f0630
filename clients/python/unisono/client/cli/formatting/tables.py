"""Tables for people who list something. Pure: from what the SDK gives to lines of text.

What other commands take is always whole: the ids.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from unisono.client._model import Endpoint, Notification, UserActionState
from unisono.client.cli.formatting.columns import Column, lines
from unisono.client.cli.formatting.json_output import name_of
from unisono.client.cli.formatting.texts import headline, mark_of, one_line
from unisono.client.cli.formatting.times import ago

#: Columns that a table may take where nobody looks at it: nothing is cut off then.
UNCUT: Final = 10_000

#: Narrower than this an id has a line of its own, in columns.
_WIDE: Final = 64

#: A long title makes room for the group, and then takes what that had.
_TITLE_FIRST: Final = ((1, 40), (2, 0), (1, 0))


def notifications(rows: Sequence[Notification], now: datetime, width: int) -> list[Text]:
    """A line for each notification; where there is little room, another one for its id."""
    columns = [
        Column("", [Text(mark_of(row), "cyan" if row.counts_as_unread else "dim") for row in rows]),
        Column("TITLE", [Text(headline(row), _style(row)) for row in rows]),
        Column("GROUP", [Text(one_line(row.group_name), "dim") for row in rows]),
        Column("SENT", [Text(ago(row.create_time, now)) for row in rows]),
    ]
    ids = Column("ID", [Text(one_line(row.id), "dim") for row in rows])
    if width >= _WIDE:
        return lines([*columns, ids], width, _TITLE_FIRST)
    indent = Text(" " * max(0, min(3, width - ids.width)))
    below = [indent + id_ for id_ in (Text(ids.head, "dim"), *ids.cells)]
    above = lines(columns, width, _TITLE_FIRST)
    return [line for both in zip(above, below, strict=True) for line in both]


def endpoints(rows: Sequence[Endpoint], now: datetime, width: int) -> list[Text]:
    """A line for each device of a user."""
    yes, no = Text("● yes", "green"), Text("○ no", "dim")
    columns = [
        Column("ID", [Text(one_line(row.endpoint_id)) for row in rows]),
        Column("PLATFORM", [Text(name_of(row.platform)) for row in rows]),
        Column("NAME", [Text(one_line(row.display_name)) for row in rows]),
        Column("CONNECTED", [yes if row.connected else no for row in rows]),
        Column("LAST SEEN", [Text("now" if row.connected else ago(row.last_seen_time, now)) for row in rows]),
        Column("ACKNOWLEDGED", [Text(f"{row.acknowledged_revision}") for row in rows], right=True),
    ]
    return lines(columns, width, [(place, 0) for place in (2, 5, 1, 4)])


def _style(row: Notification) -> str:
    if row.user_action_state is UserActionState.DISMISSED:
        return "dim strike"
    return "bold" if row.counts_as_unread else "dim"
