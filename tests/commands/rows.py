"""Notifications and pictures of an inbox, as small as a test wants them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from unisono.client import BodyFormat, Notification, Priority, ReadState, SenderRole, Status, UserActionState
from unisono.client.cli.inbox.state import ViewModel

NOW: Final = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def a_row(title: str = "Hello", **fields: Any) -> Notification:
    """An unread one, sent a minute ago."""
    fields.setdefault("id", title)
    usual: dict[str, Any] = {
        "app_id": "mail.test",
        "user_id": "ada",
        "app_notification_id": "key",
        "sender_role": SenderRole.PUBLISHER,
        "group_name": "",
        "category": "",
        "body": "",
        "link": "",
        "icon_url": "",
        "image_url": "",
        "actions": (),
        "format": BodyFormat.UNSPECIFIED,
        "raw_content": b"",
        "data": {},
        "priority": Priority.UNSPECIFIED,
        "platforms": (),
        "endpoint_ids": (),
        "display_time_to_live": None,
        "expire_time": NOW + timedelta(days=7),
        "read_state": ReadState.UNREAD,
        "user_action_state": UserActionState.NO_INTERACTION,
        "action_id": "",
        "snooze_until": None,
        "create_time": NOW - timedelta(minutes=1),
        "update_time": NOW - timedelta(minutes=1),
        "revision": 1,
        "alert_revision": 1,
        "alert_time": NOW - timedelta(minutes=1),
    }
    return Notification(title=title, **{**usual, **fields})


def a_picture(*rows: Notification, **fields: Any) -> ViewModel:
    """Of a device that is live, with the first row selected."""
    usual: dict[str, Any] = {
        "user_id": "ada",
        "endpoint_id": "laptop",
        "status": Status.LIVE,
        "error": "",
        "since": NOW,
        "unread_count": sum(row.counts_as_unread for row in rows),
        "revision": len(rows),
        "rows": rows,
        "selected": 0 if rows else -1,
        "hidden": 0,
        "ringing": frozenset[str](),
        "pending_marks": 0,
        "notice": "",
        "helping": False,
        "asking": False,
        "now": NOW,
    }
    return ViewModel(**{**usual, **fields})
