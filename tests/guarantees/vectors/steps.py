"""The steps of a vector, as JSON: messages are in protobuf's own, without what no rule for devices reads."""

from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from unisono.server.model import Notification
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as service_pb

Step = dict[str, Any]

#: Fields of a notification that are left out, for the files to be small.
UNREAD: Final = (
    *("app_id", "user_id", "app_notification_id", "sender_role", "group_name", "priority", "target_policy"),
    *("category", "update_time"),
)

#: In milliseconds. No vector lasts as long: what lives longer has no end here.
DAY: Final = 24 * 3600 * 1000


class Tokens:
    """Short tokens instead of the service's, which no device looks into."""

    def __init__(self) -> None:
        self._short: dict[bytes, bytes] = {}

    def short(self, token: bytes) -> bytes:
        """Return the short one for a token."""
        return self._short.setdefault(token, f"t{len(self._short)}".encode())

    def real(self, short: bytes) -> bytes:
        """Return the token of a short one; none for none."""
        return next((token for token, its in self._short.items() if its == short), b"")


def message_step(message: pb.SubscribeResponse, token: bytes, payloads: Step) -> Step:
    """Return the step in which a device receives a message with this token.

    `payloads` are what GetNotification has for it then, by id.
    """
    told = pb.SubscribeResponse()
    told.CopyFrom(message)
    told.resume_token = token
    for event in told.event_batch.events:
        if event.removed:
            event.ClearField("notification")
        else:
            _shorten(event.notification)
    return {"message": plain(told), **({"payloads": payloads} if payloads else {})}


def mark_step(ids: Sequence[str], read: int, action: int, seen: int) -> Step:
    """Return the step in which a person decides about notifications, as of a complete point."""
    request = service_pb.MarkNotificationsRequest(
        read_state=notification_pb2.ReadState.ValueType(read),
        user_action_state=notification_pb2.UserActionState.ValueType(action),
        up_to_revision=seen,
    )
    request.references.refs.extend(notification_pb2.NotificationRef(id=id_) for id_ in ids)
    return {"mark": plain(request)}


def payloads(rows: Sequence[Notification], blind: int) -> Step:
    """Return the content of those that came without it, to a device that began at this revision."""
    lacking = [row for row in rows if row.content_revision <= blind < row.revision]
    return {row.id: plain(notification_pb2.Payload.FromString(row.payload or b"")) for row in lacking}


def plain(message: Message) -> Step:
    """Return a message in protobuf's JSON, with enums as numbers."""
    return MessageToDict(message, use_integers_for_enums=True)


def _shorten(row: notification_pb2.Notification) -> None:
    for name in UNREAD:
        row.ClearField(name)
    if row.HasField("payload"):
        row.payload.ClearField("raw_content")
    if row.expire_time.ToMilliseconds() - row.create_time.ToMilliseconds() > DAY:
        row.ClearField("expire_time")
    # Older servers did not store it, and then the time of creation counts.
    if row.alert_time == row.create_time and row.alert_revision % 2:
        row.ClearField("alert_time")
