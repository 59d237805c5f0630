"""The bytes of a stream. An event is encoded once, and joined into each batch that carries it.

Encoded protobuf fields can be concatenated (the encoding guide, "Last One Wins" and repeated fields), so
a batch is the join of its events behind a tag and a length.
"""

from collections.abc import Sequence

from unisono.server.api.convert import messages
from unisono.server.core.position import Sighting
from unisono.server.core.session import Session
from unisono.server.core.stream import End, Kind, Message
from unisono.v1 import feed_service_pb2 as pb

_GOODBYES = {
    End.DRAINING: pb.GOODBYE_REASON_DRAINING,
    End.SESSION_AGE: pb.GOODBYE_REASON_SESSION_AGE,
    End.RESYNC: pb.GOODBYE_REASON_RESYNC,
    End.TOKEN_EXPIRED: pb.GOODBYE_REASON_TOKEN_EXPIRED,
    End.SUPERSEDED: pb.GOODBYE_REASON_SUPERSEDED,
    End.ENDPOINT_DELETED: pb.GOODBYE_REASON_ENDPOINT_DELETED,
}

#: The tag of a field is its number, shifted by three, and the wire type 2: length-delimited.
_EVENTS_TAG = bytes((pb.EventBatch.EVENTS_FIELD_NUMBER << 3 | 2,))
_BATCH_TAG = bytes((pb.SubscribeResponse.EVENT_BATCH_FIELD_NUMBER << 3 | 2,))


def event(sighting: Sighting) -> bytes:
    """One event as a field of an EventBatch."""
    row = sighting.notification
    body = pb.Event(
        notification_id=row.id,
        revision=row.revision,
        removed=sighting.removed,
        change_type=pb.ChangeType.ValueType(sighting.type),
        notification=messages.notification(row, with_payload=sighting.with_payload),
        origin_endpoint_id=sighting.origin,
        alert=sighting.alert,
    ).SerializeToString()
    return _EVENTS_TAG + _varint(len(body)) + body


def frame(message: Message, session: Session) -> bytes:
    """One SubscribeResponse."""
    head = pb.SubscribeResponse(
        resume_token=message.token,
        revision=message.revision,
        complete=message.complete,
        unread_count=message.unread_count,
    )
    match message.kind:
        case Kind.EVENTS:
            return head.SerializeToString() + _batch(message.events)
        case Kind.WELCOME:
            head.welcome.session_id = session.session_id
            head.welcome.resumed = session.resumed
            interval = messages.duration(int(session.terms.heartbeat * 1000))
            head.welcome.heartbeat_interval.CopyFrom(interval)
        case Kind.SYNCED:
            head.synced.SetInParent()
        case Kind.HEARTBEAT:
            head.heartbeat.SetInParent()
        case Kind.GOODBYE:
            _say_goodbye(head.goodbye, message)
    return head.SerializeToString()


def _say_goodbye(goodbye: pb.Goodbye, message: Message) -> None:
    if message.end is not None:
        goodbye.reason = _GOODBYES[message.end]
    if message.retry_delay is not None:
        goodbye.retry_delay.CopyFrom(messages.duration(int(message.retry_delay * 1000)))


def _batch(events: Sequence[bytes]) -> bytes:
    body = b"".join(events)
    return _BATCH_TAG + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    """A number as protobuf writes lengths: seven bits a byte, the low ones first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
