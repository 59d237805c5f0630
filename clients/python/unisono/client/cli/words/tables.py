"""Tables for people who list something. Pure: from what the SDK gives to what rich prints."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from unisono.client._model import Endpoint, Notification, UserActionState
from unisono.client.cli.words.shapes import name_of
from unisono.client.cli.words.texts import headline, mark_of, one_line
from unisono.client.cli.words.times import ago

#: Columns that a table needs where nobody looks at it: nothing is cut off then.
UNCUT: Final = 10_000


def notifications(rows: Iterable[Notification], now: datetime) -> Table:
    """A line for each notification. The id is whole: it is what other commands take."""
    table = _table("", "TITLE", "GROUP", "SENT", "ID")
    table.columns[1].ratio = 1
    for row in rows:
        style = "bold" if row.waits else "dim"
        if row.user_action_state is UserActionState.DISMISSED:
            style = "dim strike"
        table.add_row(
            Text(mark_of(row), style="cyan" if row.waits else "dim"),
            Text(headline(row), style=style),
            Text(one_line(row.group_name), style="dim"),
            Text(ago(row.create_time, now)),
            Text(row.id, style="dim"),
        )
    return table


def endpoints(rows: Iterable[Endpoint], now: datetime) -> Table:
    """A line for each device of a user."""
    table = _table("ID", "PLATFORM", "NAME", "CONNECTED", "LAST SEEN", "ACKNOWLEDGED")
    table.columns[-1].justify = "right"
    for row in rows:
        table.add_row(
            Text(one_line(row.endpoint_id)),
            Text(name_of(row.platform)),
            Text(one_line(row.display_name)),
            Text("● yes", style="green") if row.connected else Text("○ no", style="dim"),
            Text("now" if row.connected else ago(row.last_seen_time, now)),
            Text(f"{row.acknowledged_revision}"),
        )
    return table


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for head in heads:
        table.add_column(head, no_wrap=True, overflow="ellipsis")
    return table
