"""What is encoded by hand is what protobuf makes of it: parsed it is the same, and nothing is said twice."""

from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest
from google.protobuf.message import Message as Proto

from tests.support.encoding import encoded_row_of
from tests.support.random_rows import RandomRows
from unisono.server.api.convert import encoding, messages, protowire, send_results, subscribe_response
from unisono.server.api.convert.payload_encoding import encode_payload
from unisono.server.api.status import item_error
from unisono.server.core.decide.results import SendResult
from unisono.server.core.position import CatchUpEvent
from unisono.server.core.resume_token import Seal
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import GoodbyeReason, MessageKind, SessionLimits, StreamMessage
from unisono.server.errors import NotFound, Reason
from unisono.server.model import Change, ChangeType, FeedKey, Notification
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

SEEDS = range(2)
ROWS = 500
BRINGS_CONTENT = (ChangeType.CREATED, ChangeType.UPDATED)


@pytest.fixture(params=SEEDS)
def rows(request: pytest.FixtureRequest) -> RandomRows:
    return RandomRows(Random(request.param))  # noqa: S311


def same(encoded: bytes, expected: Proto) -> bool:
    """Whether it says the same, in as many bytes."""
    return type(expected).FromString(encoded) == expected and len(encoded) == expected.ByteSize()


def a_payload(rows: RandomRows) -> pb.Payload:
    """One that has at least a title or raw content."""
    raw = rows.random.choice((b"", b"\0", rows.random.randbytes(200), bytes(32 * 1024)))
    data = {rows.text() or "k": rows.text() for _ in range(rows.random.choice((0, 1, 32)))}
    if raw and rows.random.random() < 0.5:
        return pb.Payload(raw_content=raw, data=data)
    visual = pb.VisualContent(title=rows.text() or "t", body=rows.text())
    if rows.random.random() < 0.5:
        visual.link, visual.icon_url, visual.image_url = rows.text(), rows.text(), rows.text()
        visual.format = rows.random.choice((pb.BODY_FORMAT_UNSPECIFIED, pb.BODY_FORMAT_MARKDOWN))
        for _ in range(rows.random.randint(0, 4)):
            visual.actions.add(action_id=rows.text(), label=rows.text(), link=rows.text())
    return pb.Payload(visual_content=visual, raw_content=raw, data=data)


def an_event(
    row: Notification, payload: bytes | None, type_: ChangeType, *, alert: bool, origin: str
) -> feed_pb.Event:
    """As the generated classes make it."""
    return feed_pb.Event(
        notification_id=row.id,
        revision=row.revision,
        removed=not row.live,
        change_type=feed_pb.ChangeType.ValueType(type_),
        notification=messages.notification(replace(row, payload=payload)),
        origin_endpoint_id=origin,
        alert=alert,
    )


def a_result(sent: SendResult) -> service_pb.SendResult:
    """As the generated classes make it."""
    row = sent.notification
    return service_pb.SendResult(
        id=row.id,
        revision=row.revision,
        create_time=messages.timestamp(row.create_time),
        expire_time=messages.timestamp(row.expire_time),
        deduplicated=sent.deduplicated,
        removed=not row.live,
        endpoints=sent.endpoints,
    )


@pytest.mark.parametrize("bits", range(1, 64))
def test_numbers(bits: int) -> None:
    tag = protowire.tag(pb.Notification.REVISION_FIELD_NUMBER, protowire.VARINT)
    for number in (1 << bits - 1, (1 << bits) - 1):
        assert tag + protowire.varint(number) == pb.Notification(revision=number).SerializeToString()


def test_payloads(rows: RandomRows) -> None:
    for _ in range(ROWS):
        expected = a_payload(rows)

        assert same(encode_payload(expected), expected)


def test_a_payload_of_nothing_and_a_visual_content_of_nothing() -> None:
    assert encode_payload(pb.Payload()) == b""
    empty = pb.Payload(visual_content=pb.VisualContent())
    assert same(encode_payload(empty), empty)


def test_a_payload_is_in_the_order_of_numbers_and_of_the_bytes_of_keys() -> None:
    """Written out, since it is hashed: another encoding of what is stored would be other content."""
    data = {"b": "2", "\U0001f514": "4", "a": "", "\uffe0": "3", "aa": "1"}
    action = pb.Action(action_id="i", label="l", link="m:n")
    visual = pb.VisualContent(
        title="t", body="b", link="x:y", icon_url="u", image_url="v", actions=[action, action]
    )

    visual.format = pb.BODY_FORMAT_MARKDOWN
    encoded = encode_payload(pb.Payload(data=data, raw_content=b"raw", visual_content=visual))

    button = b"\x32\x0b\x0a\x01i\x12\x01l\x1a\x03m:n"
    shown = b"\x0a\x01t\x12\x01b\x1a\x03x:y\x22\x01u\x2a\x01v" + 2 * button + b"\x38\x01"
    entries = (("a", ""), ("aa", "1"), ("b", "2"), ("\uffe0", "3"), ("\U0001f514", "4"))
    assert encoded == field(1, shown) + field(2, b"raw") + b"".join(
        field(3, field(1, key.encode()) + field(2, text.encode())) for key, text in entries
    )


def field(number: int, value: bytes) -> bytes:
    """A field of less than 128 bytes."""
    return bytes((number << 3 | 2, len(value))) + value


def test_what_is_unknown_is_left_out() -> None:
    unknown = b"\xfa\x3e\x02hi"
    visual = pb.VisualContent.FromString(b"\x0a\x01t" + unknown)
    visual.actions.append(pb.Action.FromString(b"\x0a\x01i" + unknown))
    known = pb.Payload.FromString(pb.Payload(visual_content=visual).SerializeToString() + unknown)

    assert b"hi" in known.SerializeToString()
    assert encode_payload(known) == b"\x0a\x08\x0a\x01t\x32\x03\x0a\x01i"


def test_events(rows: RandomRows) -> None:
    """Whatever is said of a row, and whether its payload is said with it."""
    for _ in range(ROWS):
        row = rows.row()
        payload = rows.random.choice((None, a_payload(rows).SerializeToString()))
        type_, alert, origin = rows.change_type(row), rows.random.random() < 0.5, rows.text()

        encoded = encoding.event_field(encoding.encode_row(row), payload, type_, alert=alert, origin=origin)

        expected = an_event(row, payload, type_, alert=alert, origin=origin)
        assert same(encoded, feed_pb.EventBatch(events=[expected]))


def test_notifications_of_the_history(rows: RandomRows) -> None:
    for _ in range(ROWS):
        payload = a_payload(rows).SerializeToString()
        row = rows.row(payload)

        encoded = encoding.list_field(encoding.encode_row(row), payload)

        expected = messages.notification(replace(row, payload=payload))
        assert same(encoded, service_pb.ListNotificationsResponse(notifications=[expected]))


def test_what_is_kept_is_the_same_with_and_without_the_payload(rows: RandomRows) -> None:
    for _ in range(ROWS):
        row = rows.row(b"a payload")

        assert encoding.encode_row(row) == encoding.encode_row(replace(row, payload=None))


@pytest.mark.parametrize("user_id", ["a", "entra:" + 40 * "ü", 63 * "äöüß"])
def test_what_is_kept_of_another_name_is_the_same_as_of_this_one(rows: RandomRows, user_id: str) -> None:
    for _ in range(ROWS):
        row = rows.row(b"a payload")
        kept, feed = encoding.encode_row(row), FeedKey(row.feed.app_id, user_id)

        named = encoding.with_feed(kept, feed)

        assert named == encoding.encode_row(replace(row, feed=feed))
        assert encoding.with_feed(named, feed) is named
        assert encoding.with_feed(named, row.feed) == kept


def test_changes_and_what_is_caught_up_with(rows: RandomRows) -> None:
    """The same but for the origin, with the payload where content is new."""
    for _ in range(ROWS):
        row = rows.row(a_payload(rows).SerializeToString())
        type_, alert, origin = rows.change_type(row), rows.random.random() < 0.5, rows.text()
        payload = row.payload if type_ in BRINGS_CONTENT else None

        live = subscribe_response.encode_change(Change(type=type_, notification=row, origin=origin), alert)
        late = subscribe_response.encode_catch_up_event(
            CatchUpEvent(encoded_row_of(row, encoding.encode_row(row)), type_, alert)
        )

        for encoded, known in ((live, origin), (late, "")):
            expected = an_event(row, payload, type_, alert=alert, origin=known)
            assert same(encoded, feed_pb.EventBatch(events=[expected]))


def test_results_of_sends(rows: RandomRows) -> None:
    failure = item_error(NotFound(Reason.NOTIFICATION_NOT_FOUND, "not here"))
    for _ in range(ROWS // 10):
        sent = [
            SendResult(
                notification=rows.row(),
                deduplicated=rows.random.random() < 0.5,
                endpoints=rows.random.choice((None, 0, 1, 100, 2**31 - 1)),
            )
            for _ in range(10)
        ]
        built = [service_pb.BatchSendResult(result=a_result(one)) for one in sent]
        raised = service_pb.BatchSendResult(error=failure)

        encoded = [*map(send_results.send_result, sent), raised.SerializeToString()]

        for one, result in zip(encoded, built, strict=False):
            assert same(one, service_pb.SendNotificationResponse(result=result.result))
        together = service_pb.BatchSendNotificationsResponse(results=[*built, raised])
        assert same(b"".join(map(send_results.batch_result, encoded)), together)


@pytest.mark.parametrize("kind", MessageKind)
def test_messages_of_a_stream(rows: RandomRows, kind: MessageKind) -> None:
    limits = SessionLimits(heartbeat=12.5, age=1, expire_time=1)
    seal = Seal(b"feed", b"endpoint", b"store epoch", b"feed epoch")
    session = cast("Session", SimpleNamespace(session_id="s" * 200, resumed=True, limits=limits, seal=seal))
    for _ in range(ROWS // 10):
        events = [an_event(rows.row(), None, ChangeType.CREATED, alert=False, origin="") for _ in range(3)]
        batches = [feed_pb.EventBatch(events=[event]) for event in events]
        message = StreamMessage(
            kind=kind,
            token=rows.random.randbytes(rows.random.choice((1, 60, 200))),
            revision=rows.number(),
            complete=rows.random.random() < 0.5,
            unread_count=rows.number(),
            events=[batch.SerializeToString() for batch in batches] if kind is MessageKind.EVENTS else (),
            reason=GoodbyeReason.DRAINING if kind is MessageKind.GOODBYE else None,
            retry_delay=1.25 if kind is MessageKind.GOODBYE else None,
            time=rows.time() if kind in (MessageKind.WELCOME, MessageKind.HEARTBEAT) else None,
        )

        assert same(
            subscribe_response.encode_response(message, session), a_response(message, session, events)
        )


def test_a_message_about_an_empty_feed() -> None:
    """Its revision and its count are the defaults of protobuf, and may be said all the same."""
    message = StreamMessage(kind=MessageKind.SYNCED, token=b"t", revision=0, complete=True, unread_count=0)

    told = feed_pb.SubscribeResponse.FromString(
        subscribe_response.encode_response(message, cast("Session", None))
    )

    assert told == feed_pb.SubscribeResponse(resume_token=b"t", complete=True, synced=feed_pb.Synced())


def a_response(
    message: StreamMessage, session: Session, events: list[feed_pb.Event]
) -> feed_pb.SubscribeResponse:
    """As the generated classes make it."""
    response = feed_pb.SubscribeResponse(
        resume_token=message.token,
        revision=message.revision,
        complete=message.complete,
        unread_count=message.unread_count,
    )
    match message.kind:
        case MessageKind.EVENTS:
            response.event_batch.events.extend(events)
        case MessageKind.WELCOME:
            response.welcome.session_id = session.session_id
            response.welcome.resumed = session.resumed
            response.welcome.heartbeat_interval.CopyFrom(messages.duration(12_500))
            response.welcome.server_time.CopyFrom(messages.timestamp(message.time or 0))
            response.welcome.feed_epoch = session.seal.feed_epoch
        case MessageKind.SYNCED:
            response.synced.SetInParent()
        case MessageKind.HEARTBEAT:
            response.heartbeat.server_time.CopyFrom(messages.timestamp(message.time or 0))
        case MessageKind.GOODBYE:
            response.goodbye.reason = feed_pb.GOODBYE_REASON_DRAINING
            response.goodbye.retry_delay.CopyFrom(messages.duration(1_250))
    return response
