"""The selected notification in full, as far as there is room. Pure functions."""

from collections.abc import Iterable
from datetime import datetime

from rich.console import Console
from rich.text import Text

from unisono.client._model import Notification, Priority, SenderRole
from unisono.client.cli.formatting.card import opening
from unisono.client.cli.formatting.texts import headline, one_line, paragraphs, state_of
from unisono.client.cli.formatting.times import clock


def detail(row: Notification, now: datetime, console: Console, width: int, height: int) -> list[Text]:
    """Return `height` lines: title, link, actions, body, wrapped to `width`; then state, sender and times."""
    text = [Text(headline(row), "bold"), *opening(row), *(Text(line) for line in paragraphs(row.body))]
    lines = _wrapped(text, console, width)
    if len(lines) > height - 1:
        lines = lines[: height - 1]
        lines[-1].append(" …")
    lines += [Text() for _ in range(height - 1 - len(lines))]
    return [*lines, Text(f" {' · '.join(_about(row, now))}", "dim")]


def _wrapped(paragraphs: Iterable[Text], console: Console, width: int) -> list[Text]:
    """Wrap paragraphs, with a margin of one column on each side."""
    lines: list[Text] = []
    for paragraph in paragraphs:
        lines += paragraph.wrap(console, max(1, width - 2)) or [Text()]
    return [Text(" ").append_text(line) for line in lines]


def _about(row: Notification, now: datetime) -> Iterable[str]:
    yield state_of(row)
    by = "the user" if row.sender_role is SenderRole.USER else "the app"
    yield f"sent {clock(row.create_time, now)} by {by}"
    if row.priority is not Priority.UNSPECIFIED:
        yield f"{row.priority.name.lower()} priority"
    if row.group_name:
        yield one_line(row.group_name)
    if row.category:
        yield one_line(row.category)
    yield f"expires {clock(row.expire_time, now)}"
