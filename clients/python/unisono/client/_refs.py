"""How a caller names notifications, and how the proto does. Knows nothing of calls."""

from collections.abc import Iterable
from dataclasses import dataclass

from unisono.client import _arguments
from unisono.client._model import Notification, SendResult
from unisono.v1.notification_pb2 import NotificationRef


@dataclass(frozen=True, slots=True)
class Key:
    """Names a notification by its sender's own key instead of by its id."""

    app_notification_id: str


Ref = str | Key | Notification | SendResult
"""One notification: its id, its `Key`, or what a call returned for it."""

Refs = Ref | Iterable[Ref]
"""One notification, or several."""


def ref(named: Ref) -> NotificationRef:
    """The proto's reference."""
    _arguments.check("notification", named, Ref)
    if isinstance(named, Key):
        return NotificationRef(app_notification_id=named.app_notification_id)
    return NotificationRef(id=named if isinstance(named, str) else named.id)


def refs(named: Refs) -> list[NotificationRef]:
    """The proto's references."""
    if isinstance(named, str | Key | Notification | SendResult):
        return [ref(named)]
    return [ref(one) for one in named]
