"""Tables for people: what the SDK returns, as lines of text. Pure functions.

Ids are never cut off, since other commands take them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from unisono.client._model import Change, Endpoint, Notification, RemovedNotification, UserActionState
from unisono.client.cli.formatting.columns import Column, lines
from unisono.client.cli.formatting.json_output import name_of
from unisono.client.cli.formatting.texts import REMOVED, buttons, headline, mark_of, one_line
from unisono.client.cli.formatting.times import ago

#: The width of a table that does not go to a terminal: nothing is cut off.
UNCUT: Final = 10_000

#: Narrower than this, in columns of the terminal, an id has a line of its own.
_WIDE: Final = 64

#: A link is narrowed first, then a long title for the group; then the title takes the room of both.
_TITLE_FIRST: Final = ((3, 12), (1, 40), (3, 0), (2, 0), (1, 0))


def notifications(rows: Sequence[Notification], now: datetime, width: int) -> list[Text]:
    """Return the line of heads, and a line for each notification; in little `width`, another for its id.

    Without a link in any of them, there is no column for links.
    """
    sent = Column("SENT", [Text(ago(row.create_time, now)) for row in rows])
    return _with_ids([*_content(rows), sent], rows, width)


def changes(rows: Sequence[Change], now: datetime, width: int) -> list[Text]:
    """Return a table as `notifications`, which names what was removed by its key and says why."""
    changed = Column("CHANGED", [Text(ago(_changed_at(row), now)) for row in rows])
    return _with_ids([*_content(rows), changed], rows, width)


def _content(rows: Sequence[Change]) -> list[Column]:
    links = [Text("" if isinstance(row, RemovedNotification) else one_line(row.link)) for row in rows]
    return [
        Column("", [_mark(row) for row in rows]),
        Column("TITLE", [_headline(row) for row in rows]),
        Column("GROUP", [Text(one_line(_group(row)), "dim") for row in rows]),
        Column("LINK" if any(links) else "", links),
    ]


def _with_ids(columns: Sequence[Column], rows: Sequence[Change], width: int) -> list[Text]:
    """Return a line for each row, with its id in it, or below it in little `width`."""
    ids = Column("ID", [Text(one_line(row.id), "dim") for row in rows])
    if width >= _WIDE:
        return lines([*columns, ids], width, _TITLE_FIRST)
    indent = Text(" " * max(0, min(3, width - ids.width)))
    below = [indent + id_ for id_ in (Text(ids.head, "dim"), *ids.cells)]
    above = lines(columns, width, _TITLE_FIRST)
    return [line for both in zip(above, below, strict=True) for line in both]


def endpoints(rows: Sequence[Endpoint], now: datetime, width: int) -> list[Text]:
    """Return the line of heads, and a line for each device of a user."""
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


def _mark(row: Change) -> Text:
    if isinstance(row, RemovedNotification):
        return Text(REMOVED, "dim")
    return Text(mark_of(row), "cyan" if row.counts_as_unread else "dim")


def _headline(row: Change) -> Text:
    if isinstance(row, RemovedNotification):
        return Text(f"({name_of(row.change_type)}) {one_line(row.app_notification_id)}".rstrip(), "dim")
    title = Text(headline(row), _style(row))
    return title.append(f" {buttons(row)}", "cyan not bold not strike") if row.actions else title


def _group(row: Change) -> str:
    return "" if isinstance(row, RemovedNotification) else row.group_name


def _changed_at(row: Change) -> datetime:
    return row.remove_time if isinstance(row, RemovedNotification) else row.update_time


def _style(row: Notification) -> str:
    if row.user_action_state is UserActionState.DISMISSED:
        return "dim strike"
    return "bold" if row.counts_as_unread else "dim"
