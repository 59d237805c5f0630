"""Encodes by hand what is encoded most: notifications and their payloads (the encoding guide of protobuf).

What the stores keep of a notification is what its events are joined of: a byte with the length of the
first part, the fields of an `Event` that are its own, and those of a `Notification` but for the payload.
"""

from functools import lru_cache
from typing import Final

from unisono.server.core.decide.results import Sent
from unisono.server.model import FeedKey, Notification, TargetPolicy
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

#: Wire types: a number, and bytes behind their length.
NUMBER: Final = 0
BYTES: Final = 2


def varint(value: int) -> bytes:
    """A number that is not negative, as protobuf writes it: seven bits a byte, the low ones first."""
    if value < len(_VARINTS):
        return _VARINTS[value]
    return _spelt(value)


def _spelt(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


#: Nearly all that are needed: of one byte or of two.
_VARINTS: Final = tuple(map(_spelt, range(1 << 14)))


def tag(number: int, kind: int = BYTES) -> bytes:
    """What stands before the value of a field."""
    return varint(number << 3 | kind)


def payload(title: str | None, body: str, raw_content: bytes | None) -> bytes:
    """A `Payload`; without a title it has no visual content."""
    parts: list[bytes] = []
    if title is not None:
        visual = _text(_TITLE, title) + _text(_BODY, body)
        parts += (_VISUAL, varint(len(visual)), visual)
    if raw_content:
        parts += (_RAW, varint(len(raw_content)), raw_content)
    return b"".join(parts)


def notification(row: Notification) -> bytes:
    """What is kept of a notification, to make events of: see `event`."""
    revision = varint(row.revision)
    of_event = b"".join(
        (
            _text(_EVENT_ID, row.id),
            _EVENT_REVISION,
            revision,
            b"" if row.removal is None else _EVENT_REMOVED,
        )
    )
    parts = [
        _VARINTS[len(of_event)],
        of_event,
        _text(_ID, row.id),
        _owner(row.feed),
        _text(_KEY, row.app_notification_id),
        _state(row.sender_role, row.priority, row.read_state, row.user_action_state),
        _text(_GROUP, row.group_name),
        _time(_EXPIRE, row.expire_time),
        _time(_CREATE, row.create_time),
        _time(_UPDATE, row.update_time),
        _REVISION,
        revision,
        _ALERT_REVISION,
        varint(row.alert_revision),
    ]
    if row.target.platforms or row.target.endpoint_ids:
        parts.append(_target(row.target))
    if row.display_time_to_live is not None:
        parts.append(_time(_TTL, row.display_time_to_live))
    if row.snooze_until is not None:
        parts.append(_time(_SNOOZE, row.snooze_until))
    return b"".join(parts)


def event(kept: bytes, payload: bytes | None, change_type: int, *, alert: bool, origin: str = "") -> bytes:
    """An `Event` as a field of an `EventBatch`; `kept` is what `notification` made."""
    begin = kept[0] + 1
    size = len(kept) - begin
    if payload:
        of_payload = _PAYLOAD + varint(len(payload))
        size += len(of_payload) + len(payload)
    else:
        of_payload = payload = b""
    body = b"".join(
        (
            kept[1:begin],
            _CHANGE_TYPE,
            _VARINTS[change_type],
            _NOTIFICATION,
            varint(size),
            kept[begin:],
            of_payload,
            payload,
            _text(_ORIGIN, origin) if origin else b"",
            _ALERT if alert else b"",
        )
    )
    return _EVENTS + varint(len(body)) + body


def send_result(sent: Sent) -> bytes:
    """A `SendResult` as the field 1 of whatever it is in: the same in both responses."""
    row = sent.notification
    body = b"".join(
        (
            _text(_RESULT_ID, row.id),
            _RESULT_REVISION,
            varint(row.revision),
            _time(_RESULT_CREATE, row.create_time),
            _time(_RESULT_EXPIRE, row.expire_time),
            _RESULT_DEDUPLICATED if sent.deduplicated else b"",
            b"" if row.live else _RESULT_REMOVED,
        )
    )
    return _RESULT + varint(len(body)) + body


def batch_result(outcome: bytes) -> bytes:
    """A `BatchSendResult` as a field of a `BatchSendNotificationsResponse`."""
    return _RESULTS + varint(len(outcome)) + outcome


def _text(tag: bytes, value: str) -> bytes:
    """A field of text; an empty one is left out."""
    if not value:
        return b""
    raw = value.encode()
    return tag + varint(len(raw)) + raw


@lru_cache(maxsize=4096)
def _owner(feed: FeedKey) -> bytes:
    return _text(_APP, feed.app_id) + _text(_USER, feed.user_id)


@lru_cache(maxsize=1024)
def _state(sender_role: int, priority: int, read_state: int, user_action_state: int) -> bytes:
    """All of them are small numbers."""
    message = pb.Notification(
        sender_role=pb.SenderRole.ValueType(sender_role),
        priority=pb.Priority.ValueType(priority),
        read_state=pb.ReadState.ValueType(read_state),
        user_action_state=pb.UserActionState.ValueType(user_action_state),
    )
    return message.SerializeToString()


@lru_cache(maxsize=4096)
def _time(tag: bytes, millis: int) -> bytes:
    """A `Timestamp` or `Duration`: seconds and nanoseconds. Those of one commit are nearly all the same."""
    seconds, rest = divmod(millis, 1000)
    body = (b"\x08" + varint(seconds) if seconds else b"") + (
        b"\x10" + varint(rest * 1_000_000) if rest else b""
    )
    return tag + varint(len(body)) + body


@lru_cache(maxsize=256)
def _target(target: TargetPolicy) -> bytes:
    platforms = [pb.Platform.ValueType(platform) for platform in target.platforms]
    body = pb.TargetPolicy(platforms=platforms, endpoint_ids=target.endpoint_ids).SerializeToString()
    return _TARGET + varint(len(body)) + body


_ID: Final = tag(pb.Notification.ID_FIELD_NUMBER)
_APP: Final = tag(pb.Notification.APP_ID_FIELD_NUMBER)
_USER: Final = tag(pb.Notification.USER_ID_FIELD_NUMBER)
_KEY: Final = tag(pb.Notification.APP_NOTIFICATION_ID_FIELD_NUMBER)
_GROUP: Final = tag(pb.Notification.GROUP_NAME_FIELD_NUMBER)
_PAYLOAD: Final = tag(pb.Notification.PAYLOAD_FIELD_NUMBER)
_TARGET: Final = tag(pb.Notification.TARGET_POLICY_FIELD_NUMBER)
_TTL: Final = tag(pb.Notification.DISPLAY_TIME_TO_LIVE_FIELD_NUMBER)
_EXPIRE: Final = tag(pb.Notification.EXPIRE_TIME_FIELD_NUMBER)
_SNOOZE: Final = tag(pb.Notification.SNOOZE_UNTIL_FIELD_NUMBER)
_CREATE: Final = tag(pb.Notification.CREATE_TIME_FIELD_NUMBER)
_UPDATE: Final = tag(pb.Notification.UPDATE_TIME_FIELD_NUMBER)
_REVISION: Final = tag(pb.Notification.REVISION_FIELD_NUMBER, NUMBER)
_ALERT_REVISION: Final = tag(pb.Notification.ALERT_REVISION_FIELD_NUMBER, NUMBER)
_VISUAL: Final = tag(pb.Payload.VISUAL_CONTENT_FIELD_NUMBER)
_RAW: Final = tag(pb.Payload.RAW_CONTENT_FIELD_NUMBER)
_TITLE: Final = tag(pb.VisualContent.TITLE_FIELD_NUMBER)
_BODY: Final = tag(pb.VisualContent.BODY_FIELD_NUMBER)
_EVENT_ID: Final = tag(feed_pb.Event.NOTIFICATION_ID_FIELD_NUMBER)
_EVENT_REVISION: Final = tag(feed_pb.Event.REVISION_FIELD_NUMBER, NUMBER)
_EVENT_REMOVED: Final = tag(feed_pb.Event.REMOVED_FIELD_NUMBER, NUMBER) + b"\x01"
_CHANGE_TYPE: Final = tag(feed_pb.Event.CHANGE_TYPE_FIELD_NUMBER, NUMBER)
_NOTIFICATION: Final = tag(feed_pb.Event.NOTIFICATION_FIELD_NUMBER)
_ORIGIN: Final = tag(feed_pb.Event.ORIGIN_ENDPOINT_ID_FIELD_NUMBER)
_ALERT: Final = tag(feed_pb.Event.ALERT_FIELD_NUMBER, NUMBER) + b"\x01"
_EVENTS: Final = tag(feed_pb.EventBatch.EVENTS_FIELD_NUMBER)
_RESULT: Final = tag(service_pb.SendNotificationResponse.RESULT_FIELD_NUMBER)
_RESULTS: Final = tag(service_pb.BatchSendNotificationsResponse.RESULTS_FIELD_NUMBER)
_RESULT_ID: Final = tag(service_pb.SendResult.ID_FIELD_NUMBER)
_RESULT_REVISION: Final = tag(service_pb.SendResult.REVISION_FIELD_NUMBER, NUMBER)
_RESULT_CREATE: Final = tag(service_pb.SendResult.CREATE_TIME_FIELD_NUMBER)
_RESULT_EXPIRE: Final = tag(service_pb.SendResult.EXPIRE_TIME_FIELD_NUMBER)
_RESULT_DEDUPLICATED: Final = tag(service_pb.SendResult.DEDUPLICATED_FIELD_NUMBER, NUMBER) + b"\x01"
_RESULT_REMOVED: Final = tag(service_pb.SendResult.REMOVED_FIELD_NUMBER, NUMBER) + b"\x01"
