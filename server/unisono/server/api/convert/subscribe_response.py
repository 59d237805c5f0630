"""Encodes the messages of a stream. An event is encoded once, for all batches and streams that carry it.

Encoded protobuf fields can be concatenated (protobuf's encoding guide, "Last One Wins"), so a batch is its
encoded events, joined behind a tag and a length.
"""

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from unisono.server.api.convert import encoding, messages
from unisono.server.api.convert.protowire import VARINT, tag, varint
from unisono.server.core.position import WITH_PAYLOAD, CatchUpEvent
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import GoodbyeReason, MessageKind, StreamMessage
from unisono.server.model import Change
from unisono.v1 import feed_service_pb2 as pb

_GOODBYES = {
    GoodbyeReason.DRAINING: pb.GOODBYE_REASON_DRAINING,
    GoodbyeReason.SESSION_AGE: pb.GOODBYE_REASON_SESSION_AGE,
    GoodbyeReason.RESYNC: pb.GOODBYE_REASON_RESYNC,
    GoodbyeReason.TOKEN_EXPIRED: pb.GOODBYE_REASON_TOKEN_EXPIRED,
    GoodbyeReason.SUPERSEDED: pb.GOODBYE_REASON_SUPERSEDED,
    GoodbyeReason.ENDPOINT_DELETED: pb.GOODBYE_REASON_ENDPOINT_DELETED,
    GoodbyeReason.FEED_DELETED: pb.GOODBYE_REASON_FEED_DELETED,
}

_TOKEN = tag(pb.SubscribeResponse.RESUME_TOKEN_FIELD_NUMBER)
_REVISION = tag(pb.SubscribeResponse.REVISION_FIELD_NUMBER, VARINT)
_COMPLETE = tag(pb.SubscribeResponse.COMPLETE_FIELD_NUMBER, VARINT) + b"\x01"
_UNREAD = tag(pb.SubscribeResponse.UNREAD_COUNT_FIELD_NUMBER, VARINT)
_SYNCED = pb.SubscribeResponse(synced=pb.Synced()).SerializeToString()
_BATCH = tag(pb.SubscribeResponse.EVENT_BATCH_FIELD_NUMBER)


def encode_catch_up_event(event: CatchUpEvent) -> bytes:
    """Encode an event of catch-up, as a field of an `EventBatch`."""
    row = event.row
    return encoding.event_field(
        row.encoded, row.payload if event.with_payload else None, event.type, alert=event.alert
    )


def encode_change(committed: Change, alert: bool) -> bytes:
    """Encode the event of a committed change, as a field of an `EventBatch`.

    `alert` says whether it rings. The payload is in it where the change is of a type in `WITH_PAYLOAD`.
    """
    row = committed.notification
    payload = row.payload if committed.type in WITH_PAYLOAD else None
    return encoding.event_field(
        encoding.encode_row(row), payload, committed.type, alert=alert, origin=committed.origin
    )


def encode_response(message: StreamMessage, session: Session) -> bytes:
    """Encode a `SubscribeResponse`: the position of the session after the message, and the message."""
    return _header_fields(message) + _body(message, session)


def _body(message: StreamMessage, session: Session) -> bytes:
    match message.kind:
        case MessageKind.EVENTS:
            return _batch(message.events)
        case MessageKind.SYNCED:
            return _SYNCED
        case MessageKind.HEARTBEAT:
            heartbeat = pb.Heartbeat(server_time=_time(message))
            return pb.SubscribeResponse(heartbeat=heartbeat).SerializeToString()
        case MessageKind.WELCOME:
            return pb.SubscribeResponse(welcome=_welcome(message, session)).SerializeToString()
        case MessageKind.GOODBYE:
            return pb.SubscribeResponse(goodbye=_goodbye(message)).SerializeToString()


def _welcome(message: StreamMessage, session: Session) -> pb.Welcome:
    return pb.Welcome(
        session_id=session.session_id,
        resumed=session.resumed,
        heartbeat_interval=messages.duration(int(session.limits.heartbeat * 1000)),
        server_time=_time(message),
        feed_epoch=session.seal.feed_epoch,
    )


def _time(message: StreamMessage) -> Timestamp | None:
    return None if message.time is None else messages.timestamp(message.time)


def _goodbye(message: StreamMessage) -> pb.Goodbye:
    goodbye = pb.Goodbye()
    if message.reason is not None:
        goodbye.reason = _GOODBYES[message.reason]
    if message.retry_delay is not None:
        goodbye.retry_delay.CopyFrom(messages.duration(int(message.retry_delay * 1000)))
    return goodbye


def _header_fields(message: StreamMessage) -> bytes:
    return b"".join(
        (
            _TOKEN,
            varint(len(message.token)),
            message.token,
            _REVISION,
            varint(message.revision),
            _COMPLETE if message.complete else b"",
            _UNREAD,
            varint(message.unread_count),
        )
    )


def _batch(events: Sequence[bytes]) -> bytes:
    body = b"".join(events)
    return _BATCH + varint(len(body)) + body
