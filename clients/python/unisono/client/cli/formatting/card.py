"""One notification in full: what is shown of it, then a line for each thing that is known. Pure functions."""

from collections.abc import Iterable
from datetime import datetime

from rich.text import Text

from unisono.client._model import BodyFormat, Notification, Priority, SenderRole
from unisono.client.cli.formatting.json_output import name_of
from unisono.client.cli.formatting.texts import headline, one_line, paragraphs, state_of
from unisono.client.cli.formatting.times import exact, span


def card(row: Notification, now: datetime) -> list[Text]:
    """Return the lines of a notification. Names are in a column, and nothing is left out or cut off."""
    facts = [(name, one_line(text)) for name, text in (*_facts(row), *_times(row, now)) if text]
    width = max(len(name) for name, _ in facts)
    return [
        Text(headline(row), "bold"),
        *opening(row),
        *(Text(line) for line in paragraphs(row.body)),
        Text(),
        *(Text(f"{name:{width}}  ", "dim").append(text, "not dim") for name, text in facts),
    ]


def opening(row: Notification) -> Iterable[Text]:
    """Return a line for each thing that can be opened: the link, then the actions."""
    if row.link:
        yield Text(f"→ {one_line(row.link)}", "cyan")
    for action in row.actions:
        yield Text(f"[{one_line(action.label)}] {one_line(action.link)}".rstrip(), "cyan")


def _facts(row: Notification) -> Iterable[tuple[str, str]]:
    yield "id", row.id
    yield "key", row.app_notification_id
    yield "user", row.user_id
    yield "state", f"{state_of(row)} ({row.action_id})" if row.action_id else state_of(row)
    yield "group", row.group_name
    yield "category", row.category
    yield "priority", "" if row.priority is Priority.UNSPECIFIED else name_of(row.priority)
    yield "meant for", ", ".join((*map(name_of, row.platforms), *row.endpoint_ids)) or "every device"
    yield "body is", "" if row.format is BodyFormat.UNSPECIFIED else name_of(row.format)
    yield "icon", row.icon_url
    yield "image", row.image_url
    yield "actions", ", ".join(f"{action.action_id}={action.label}" for action in row.actions)
    yield "data", ", ".join(f"{key}={value}" for key, value in row.data.items())
    yield "raw content", f"{len(row.raw_content)} bytes" if row.raw_content else ""


def _times(row: Notification, now: datetime) -> Iterable[tuple[str, str]]:
    by = "the user" if row.sender_role is SenderRole.USER else "the app"
    yield "sent", f"{exact(row.create_time, now)} by {by}"
    yield "changed", f"{exact(row.update_time, now)}, revision {row.revision}"
    rang = f"{exact(row.alert_time, now)}, revision {row.alert_revision}"
    yield "rang", rang if row.alert_revision else "never, it is silent"
    ttl = row.display_time_to_live
    yield "to show for", "" if ttl is None else span(ttl)
    yield "comes back", "" if row.snooze_until is None else exact(row.snooze_until, now)
    yield "expires", exact(row.expire_time, now)
