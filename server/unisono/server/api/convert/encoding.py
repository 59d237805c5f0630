"""Encodes notifications and events by hand, which is faster than by protobuf's library.

Stores keep a notification in the encoding of `encode_row`, of which events and pages of the history are
joined: one byte with the length of the next part, fields of an `Event`, and the fields of a `Notification`
but for the payload.
"""

from functools import lru_cache
from typing import Final

from unisono.server.api.convert.protowire import (
    VARINT,
    after_field,
    string_field,
    tag,
    timestamp_field,
    varint,
)
from unisono.server.model import FeedKey, Notification, TargetPolicy
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb


def encode_row(row: Notification) -> bytes:
    """Encode a notification or its tombstone, without the payload, as stores keep it.

    The result is no protobuf message: `event_field` and `list_field` make fields of messages of it.
    """
    revision = varint(row.revision)
    of_event = b"".join(
        (
            string_field(_EVENT_ID, row.id),
            _EVENT_REVISION,
            revision,
            b"" if row.removal is None else _EVENT_REMOVED,
        )
    )
    parts = [
        bytes((len(of_event),)),
        of_event,
        string_field(_ID, row.id),
        _owner(row.feed),
        string_field(_KEY, row.app_notification_id),
        _state(row.sender_role, row.priority, row.read_state, row.user_action_state),
        string_field(_GROUP, row.group_name),
        string_field(_CATEGORY, row.category),
        string_field(_ACTION, row.action_id),
        timestamp_field(_EXPIRE, row.expire_time),
        timestamp_field(_CREATE, row.create_time),
        timestamp_field(_UPDATE, row.update_time),
        _REVISION,
        revision,
        timestamp_field(_ALERT_TIME, row.alert_time),
    ]
    if row.alert_revision:
        parts += (_ALERT_REVISION, varint(row.alert_revision))
    if row.target.platforms or row.target.endpoint_ids:
        parts.append(_target(row.target))
    if row.display_time_to_live is not None:
        parts.append(timestamp_field(_TTL, row.display_time_to_live))
    if row.snooze_until is not None:
        parts.append(timestamp_field(_SNOOZE, row.snooze_until))
    return b"".join(parts)


def with_feed(encoded: bytes, feed: FeedKey) -> bytes:
    """Return what `encode_row` made of a row of a feed that has another name now, with its name of now."""
    owner, at = _owner(feed), after_field(encoded, encoded[0] + 1)
    if encoded.startswith(owner, at):
        return encoded
    return encoded[:at] + owner + encoded[after_field(encoded, after_field(encoded, at)) :]


def event_field(
    encoded: bytes, payload: bytes | None, change_type: int, *, alert: bool, origin: str = ""
) -> bytes:
    """Return an encoded `Event`, as a field of an `EventBatch`.

    `encoded` is from `encode_row`, `payload` an encoded payload, None to leave it out; `change_type` is proto
    `ChangeType`, and `origin` the endpoint that made the change, or "".
    """
    begin = encoded[0] + 1
    content = _content(payload)
    size = varint(len(encoded) - begin + len(content))
    end = _ALERT if alert else b""
    if origin:
        end = string_field(_ORIGIN, origin) + end
    body = b"".join((encoded[1:begin], _TYPE_AND_TAG[change_type], size, encoded[begin:], content, end))
    return _EVENTS + varint(len(body)) + body


def list_field(encoded: bytes, payload: bytes | None) -> bytes:
    """Return an encoded `Notification`, as a field of a `ListNotificationsResponse`.

    `encoded` is from `encode_row`, `payload` an encoded payload, None to leave it out.
    """
    body = encoded[encoded[0] + 1 :] + _content(payload)
    return _LISTED + varint(len(body)) + body


def removed_field(encoded: bytes, removal: int) -> bytes:
    """Return an encoded `RemovedNotification`, as a field of a `ListNotificationsResponse`.

    `encoded` is from `encode_row` of a tombstone, `removal` its proto `ChangeType`.
    """
    tombstone = pb.Notification.FromString(encoded[encoded[0] + 1 :])
    body = service_pb.RemovedNotification(
        id=tombstone.id,
        app_notification_id=tombstone.app_notification_id,
        sender_role=tombstone.sender_role,
        revision=tombstone.revision,
        remove_time=tombstone.update_time,
        change_type=feed_pb.ChangeType.ValueType(removal),
    ).SerializeToString()
    return _REMOVED + varint(len(body)) + body


def _content(payload: bytes | None) -> bytes:
    """Return a payload as a field of a `Notification`; nothing without one."""
    return _PAYLOAD + varint(len(payload)) + payload if payload else b""


@lru_cache(maxsize=4096)
def _owner(feed: FeedKey) -> bytes:
    return string_field(_APP, feed.app_id) + string_field(_USER, feed.user_id)


@lru_cache(maxsize=1024)
def _state(sender_role: int, priority: int, read_state: int, user_action_state: int) -> bytes:
    """Encode four enums; there are few combinations, so all are cached."""
    message = pb.Notification(
        sender_role=pb.SenderRole.ValueType(sender_role),
        priority=pb.Priority.ValueType(priority),
        read_state=pb.ReadState.ValueType(read_state),
        user_action_state=pb.UserActionState.ValueType(user_action_state),
    )
    return message.SerializeToString()


@lru_cache(maxsize=32)
def _target(target: TargetPolicy) -> bytes:
    platforms = [pb.DevicePlatform.ValueType(platform) for platform in target.platforms]
    body = pb.TargetPolicy(platforms=platforms, endpoint_ids=target.endpoint_ids).SerializeToString()
    return _TARGET + varint(len(body)) + body


_ID: Final = tag(pb.Notification.ID_FIELD_NUMBER)
_APP: Final = tag(pb.Notification.APP_ID_FIELD_NUMBER)
_USER: Final = tag(pb.Notification.USER_ID_FIELD_NUMBER)
_KEY: Final = tag(pb.Notification.APP_NOTIFICATION_ID_FIELD_NUMBER)
_GROUP: Final = tag(pb.Notification.GROUP_NAME_FIELD_NUMBER)
_CATEGORY: Final = tag(pb.Notification.CATEGORY_FIELD_NUMBER)
_ACTION: Final = tag(pb.Notification.ACTION_ID_FIELD_NUMBER)
_PAYLOAD: Final = tag(pb.Notification.PAYLOAD_FIELD_NUMBER)
_TARGET: Final = tag(pb.Notification.TARGET_POLICY_FIELD_NUMBER)
_TTL: Final = tag(pb.Notification.DISPLAY_TIME_TO_LIVE_FIELD_NUMBER)
_EXPIRE: Final = tag(pb.Notification.EXPIRE_TIME_FIELD_NUMBER)
_SNOOZE: Final = tag(pb.Notification.SNOOZE_UNTIL_FIELD_NUMBER)
_CREATE: Final = tag(pb.Notification.CREATE_TIME_FIELD_NUMBER)
_UPDATE: Final = tag(pb.Notification.UPDATE_TIME_FIELD_NUMBER)
_REVISION: Final = tag(pb.Notification.REVISION_FIELD_NUMBER, VARINT)
_ALERT_TIME: Final = tag(pb.Notification.ALERT_TIME_FIELD_NUMBER)
_ALERT_REVISION: Final = tag(pb.Notification.ALERT_REVISION_FIELD_NUMBER, VARINT)
_EVENT_ID: Final = tag(feed_pb.Event.NOTIFICATION_ID_FIELD_NUMBER)
_EVENT_REVISION: Final = tag(feed_pb.Event.REVISION_FIELD_NUMBER, VARINT)
_EVENT_REMOVED: Final = tag(feed_pb.Event.REMOVED_FIELD_NUMBER, VARINT) + b"\x01"
_CHANGE_TYPE: Final = tag(feed_pb.Event.CHANGE_TYPE_FIELD_NUMBER, VARINT)
_NOTIFICATION: Final = tag(feed_pb.Event.NOTIFICATION_FIELD_NUMBER)
#: By change type: what stands between an event's own fields and the length of its notification.
_TYPE_AND_TAG: Final = [
    _CHANGE_TYPE + varint(number) + _NOTIFICATION for number in feed_pb.ChangeType.values()
]
_ORIGIN: Final = tag(feed_pb.Event.ORIGIN_ENDPOINT_ID_FIELD_NUMBER)
_ALERT: Final = tag(feed_pb.Event.ALERT_FIELD_NUMBER, VARINT) + b"\x01"
_LISTED: Final = tag(service_pb.ListNotificationsResponse.NOTIFICATIONS_FIELD_NUMBER)
_REMOVED: Final = tag(service_pb.ListNotificationsResponse.REMOVED_NOTIFICATIONS_FIELD_NUMBER)
_EVENTS: Final = tag(feed_pb.EventBatch.EVENTS_FIELD_NUMBER)
