"""What a device holds and receives, as lines for people, or as JSON objects for programs. Pure functions."""

from typing import Any, Final

from unisono.client._device.state import Status
from unisono.client._model import ChangeType, Event, Notification
from unisono.client.cli.formatting import json_output
from unisono.client.cli.formatting.json_output import name_of
from unisono.client.cli.formatting.texts import RINGS, headline, mark_of, state_of, summary

_SIGNS: Final = {ChangeType.CREATED: "+", ChangeType.UPDATED: "~", ChangeType.STATE_CHANGED: "="}

#: The name of a removal without a change type: the device started anew, and the notification was not there.
_GONE: Final = "gone"


def held_line(row: Notification) -> str:
    """Return the line of a notification that is there already: its mark, title, actions and link."""
    return f"  {mark_of(row)} {summary(row)}"


def event_line(event: Event) -> str:
    """Return the line of an event: ♪ if it rings, the sign of its type, the title, and what is new."""
    row = event.notification
    sign = "-" if event.removed else _SIGNS.get(event.change_type, "~")
    news = {"=": f"{headline(row)}: {state_of(row)}", "-": headline(row)}.get(sign) or summary(row)
    return f"{RINGS if event.ring else ' '} {sign} {news}"


def status_line(status: Status, error: str, unread_count: int) -> str:
    """Return the line of a device's status: with the unread count if it is live, or else with the error."""
    if status is Status.LIVE:
        return f"● live, {unread_count} unread"
    return f"○ {status.value}" + (f": {error}" if error else "")


def held_json(row: Notification) -> dict[str, Any]:
    """Return the JSON object of a notification that is there already (see `unisono listen --help`)."""
    return {"event": "held", "notification": json_output.to_json(row)}


def event_json(event: Event, unread_count: int) -> dict[str, Any]:
    """Return the JSON object of an event (see `unisono listen --help`)."""
    return {
        "event": name_of(event.change_type) if event.change_type else _GONE,
        "ring": event.ring,
        "removed": event.removed,
        "revision": event.revision,
        "unread_count": unread_count,
        "origin_endpoint_id": event.origin_endpoint_id,
        "notification": json_output.to_json(event.notification),
    }


def status_json(status: Status, error: str, unread_count: int, revision: int) -> dict[str, Any]:
    """Return the JSON object of a device's status (see `unisono listen --help`)."""
    return {
        "event": "status",
        "status": status.value.replace(" ", "_"),
        "error": error,
        "unread_count": unread_count,
        "revision": revision,
    }
