"""The list of the inbox: a line for each notification that fits. Pure functions."""

from typing import Final

from rich.text import Text

from unisono.client._model import Notification, UserActionState
from unisono.client.cli.formatting.texts import RINGS, headline, mark_of, one_line
from unisono.client.cli.formatting.times import clock, span
from unisono.client.cli.inbox.bars import WIDE
from unisono.client.cli.inbox.state import ViewModel, handled

#: The widths of the age and of the group, in columns of the terminal.
_AGE: Final = 6
_GROUP: Final = 16


def window(view: ViewModel, width: int, height: int) -> list[Text]:
    """Return up to `height` lines, one for each notification, the selected one among them."""
    first = max(0, min(view.selected - height // 2, len(view.rows) - height))
    return [_line(view, place, width) for place in range(first, min(first + height, len(view.rows)))]


def _line(view: ViewModel, place: int, width: int) -> Text:
    row = view.rows[place]
    selected, rings = place == view.selected, row.id in view.ringing
    right = _right(row, view, width)
    line = Text().append("▌" if selected else " ", "cyan")
    line.append(f"{RINGS if rings else mark_of(row)} ", _mark_style(row))
    line.append_text(_title(row, view, width - line.cell_len - right.cell_len))
    line.append(" " * (width - line.cell_len - right.cell_len)).append_text(right)
    if rings:
        line.stylize("black on yellow", 1)
    elif selected:
        line.stylize("reverse", 1)
    return line


def _title(row: Notification, view: ViewModel, room: int) -> Text:
    """Return the title; of a snoozed notification also until when, whatever the room."""
    until = f"  until {clock(row.snooze_until, view.now)}" if row.snooze_until else ""
    title = Text(headline(row), "dim strike" if handled(row) else "bold" if row.counts_as_unread else "dim")
    title.truncate(max(0, room - len(until)), overflow="ellipsis")
    return title.append(until, "dim not bold not strike")


def _right(row: Notification, view: ViewModel, width: int) -> Text:
    """Return group and age, the group only where there is room."""
    right = Text("  ")
    if width >= WIDE:
        group = Text(one_line(row.group_name), "dim")
        group.truncate(_GROUP, overflow="ellipsis", pad=True)
        right.append_text(group).append("  ")
    return right.append(f"{span(view.now - row.create_time):>{_AGE}} ", "dim")


def _mark_style(row: Notification) -> str:
    if row.user_action_state is UserActionState.SNOOZED:
        return "magenta"
    return "bold cyan" if row.counts_as_unread else "dim"
