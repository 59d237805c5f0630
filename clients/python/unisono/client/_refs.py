"""References to notifications, as a caller gives them and as the proto has them."""

from collections.abc import Iterable
from dataclasses import dataclass

from unisono.client import _arguments
from unisono.client._model import Notification
from unisono.client._results import SendResult
from unisono.v1.notification_pb2 import NotificationRef


@dataclass(frozen=True, slots=True)
class Key:
    """Names a notification by its sender's `app_notification_id` instead of by its id.

    Publishers and devices have keys of their own. Where both used this one, what is live comes before what
    is gone, then what the caller's role created before what the other did.
    """

    app_notification_id: str


Ref = str | Key | Notification | SendResult
"""One notification: its id, its `Key`, or what a call returned for it."""

Refs = Ref | Iterable[Ref]
"""One notification, or several."""


def ref(named: Ref) -> NotificationRef:
    """Return the proto's reference to one notification. Raises `TypeError` for what is no `Ref`."""
    _arguments.check("notification", named, Ref)
    if isinstance(named, Key):
        return NotificationRef(app_notification_id=named.app_notification_id)
    return NotificationRef(id=named if isinstance(named, str) else named.id)


def refs(named: Refs) -> list[NotificationRef]:
    """Return the proto's references to one or several notifications, in order.

    Raises `TypeError` for what is no `Ref`.
    """
    if isinstance(named, str | Key | Notification | SendResult):
        return [ref(named)]
    return [ref(one) for one in named]
