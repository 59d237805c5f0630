"""Corruptions of a valid history, each of which breaks one promise, as if a server had broken it."""

from collections.abc import MutableSequence
from dataclasses import replace

from tests.guarantees.judge.corrupted_actions import ACTIONS
from tests.guarantees.judge.corrupted_deletions import DELETIONS, Corruption, events_of
from tests.guarantees.judge.corrupted_displacements import DISPLACEMENTS
from tests.guarantees.judge.corrupted_erasures import ERASURES
from tests.guarantees.judge.corrupted_polls import POLLS
from tests.guarantees.judge.corrupted_rings import RINGS
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.full_lists import listings_of
from unisono.verify.history import Annotation, Call, History, Principal, Stream, TimedMessage

#: The one who sends.
APP = Principal(app_id="app.test")


def _stream(history: History) -> Stream:
    """Return the first stream: it caught up with two notifications before any other change, then was live."""
    return history.streams[0]


def _streams_of(history: History, endpoint_id: str) -> list[Stream]:
    """Return the streams of one of Ada's devices."""
    wanted = (endpoint_id, "ada")
    return [
        stream
        for stream in history.streams
        if (stream.request.endpoint_id, stream.principal.user_id) == wanted
    ]


def _last_list(history: History) -> MutableSequence[pb.Notification]:
    """Return what the last full list shows."""
    *_, listing = listings_of(history)
    assert isinstance(listing.answer, service_pb.ListNotificationsResponse)
    return listing.answer.notifications


def _change(history: History, old: Call, **fields: object) -> None:
    history.calls[history.calls.index(old)] = replace(old, **fields)  # type: ignore[arg-type]


def a_sent_one_is_not_listed(history: History) -> None:
    del _last_list(history)[0]


def a_feed_goes_back(history: History) -> None:
    look = next(call for call in reversed(history.calls) if call.method == "GetFeed")
    _change(history, look, answer=feed_pb.GetFeedResponse(last_revision=3))


def a_mark_is_undone(history: History) -> None:
    """Make all lists show a row as it was before the first mark of it by a backend."""
    marked = next(
        call for call in history.calls if call.method == "MarkNotifications" and call.principal == APP
    )
    request = marked.request
    assert isinstance(request, service_pb.MarkNotificationsRequest)
    for call in history.calls:
        if isinstance(call.answer, service_pb.ListNotificationsResponse):
            for row in call.answer.notifications:
                if row.id == request.references.refs[0].id:
                    row.read_state, row.revision = pb.READ_STATE_UNREAD, 1


def a_stream_begins_behind_an_answer(history: History) -> None:
    stream = history.streams[-1]
    for received in stream.messages:
        received.message.revision = 5


def events_are_swapped(history: History) -> None:
    events = next(
        received.message.event_batch.events
        for received in _stream(history).messages
        if len(received.message.event_batch.events) > 1
    )
    first = feed_pb.Event.FromString(events[0].SerializeToString())
    events[0].CopyFrom(events[1])
    events[1].CopyFrom(first)


def a_position_goes_back(history: History) -> None:
    stream = _stream(history)
    stream.messages[-1].message.revision = stream.messages[0].message.revision - 1


def an_event_comes_twice(history: History) -> None:
    stream = _stream(history)
    event = next(events_of(stream))
    stream.messages[-1].message.event_batch.events.append(event)


def an_event_comes_again_after_a_resume(history: History) -> None:
    before, after = _streams_of(history, "laptop")[:2]
    told = list(events_of(before))[-1]
    message = feed_pb.SubscribeResponse.FromString(after.messages[0].message.SerializeToString())
    message.ClearField("welcome")
    message.event_batch.events.append(told)
    after.messages.insert(1, TimedMessage(after.messages[0].time, message))


def an_event_is_lost(history: History) -> None:
    """Remove an event that the phone received, too: the judge misses only what some client received."""
    for stream in history.streams:
        for received in stream.messages:
            events = received.message.event_batch.events
            for index, event in enumerate(events):
                told_to_all = not event.notification.HasField("target_policy")
                if received.message.complete and not event.removed and told_to_all and event.alert:
                    del events[index]
                    return
    raise LookupError("no event came live")


def a_device_is_left_behind(history: History) -> None:
    """Remove the last changes from the streams of Ada's phone."""
    streams = _streams_of(history, "phone")
    last = streams[-1].messages[-1].message.revision
    for stream in streams:
        stream.messages = [received for received in stream.messages if received.message.revision < last]


def a_removal_is_lost(history: History) -> None:
    for stream in history.streams:
        for received in stream.messages:
            events = received.message.event_batch.events
            for index, event in enumerate(events):
                row = event.notification
                if event.removed and row.id and any(event.notification_id in line for line in _held(stream)):
                    del events[index]
                    return
    raise LookupError("no removal of what was held")


def _held(stream: Stream) -> list[str]:
    return [event.notification_id for event in events_of(stream) if not event.removed]


def two_devices_are_told_different_things(history: History) -> None:
    event = next(event for event in events_of(_stream(history)) if not event.removed)
    event.notification.group_name = "of another"


def two_devices_are_told_different_contents(history: History) -> None:
    event = next(event for event in events_of(_stream(history)) if event.notification.HasField("payload"))
    event.notification.payload.data["of"] = "another"


def a_catch_up_tells_of_each_change(history: History) -> None:
    """Repeat an event in the first stream, which began after all that it catches up with was sent."""
    events = next(
        events for received in history.streams[0].messages if (events := received.message.event_batch.events)
    )
    before = feed_pb.Event.FromString(events[0].SerializeToString())
    before.revision = 0
    events.insert(0, before)


def a_device_costs_too_much(history: History) -> None:
    history.annotations.append(Annotation(time=1.0, name="memory", values={"measured": 3e6, "allowed": 1e6}))


def somebody_waits_for_somebody_busy(history: History) -> None:
    waits = {"measured": 200.0, "allowed": 20.0, "beside": 4.0}
    history.annotations.append(Annotation(time=1.0, name="p50 beside batches, in ms", values=waits))


def another_users_notification_is_told(history: History) -> None:
    event = next(event for event in events_of(_stream(history)) if not event.removed)
    event.notification.user_id = "bob"


def one_is_told_what_is_not_meant_for_it(history: History) -> None:
    event = next(event for event in events_of(_stream(history)) if not event.removed)
    event.notification.target_policy.platforms.append(pb.DEVICE_PLATFORM_ANDROID)


def a_stream_outlives_its_token(history: History) -> None:
    stream = _stream(history)
    stream.principal = replace(stream.principal, expire_time=stream.messages[0].time - 10)


def a_refusal_tells_that_something_exists(history: History) -> None:
    sent = next(call for call in history.calls if call.method == "SendNotification")
    assert isinstance(sent.answer, service_pb.SendNotificationResponse)
    named = pb.NotificationRef(id=sent.answer.result.id)
    request = service_pb.GetNotificationRequest(user_id="eve", notification=named)
    raised = replace(sent, method="GetNotification", request=request, answer=None, code="PERMISSION_DENIED")
    history.calls.append(raised)


def a_drain_without_a_word(history: History) -> None:
    stream = next(stream for stream in history.streams if stream.messages[-1].message.HasField("goodbye"))
    del stream.messages[-1]


def a_badge_is_wrong(history: History) -> None:
    received = next(received for received in _stream(history).messages if received.message.complete)
    received.message.unread_count += 1


def a_retry_is_stored_twice(history: History) -> None:
    rows = _last_list(history)
    rows[1].app_notification_id = rows[0].app_notification_id = "again"


def a_retry_is_refused_as_other_content(history: History) -> None:
    again = _repeated(history)
    _change(history, again, answer=None, code="ALREADY_EXISTS", reason="KEY_CONFLICT")


def a_retry_in_a_batch_is_refused_as_other_content(history: History) -> None:
    """As the SDK sends many at a time."""
    again = _repeated(history)
    assert isinstance(again.request, service_pb.SendNotificationRequest)
    request = service_pb.BatchSendNotificationsRequest(requests=[again.request])
    refused = service_pb.BatchSendResult(error=service_pb.BatchItemError(code=6))
    answer = service_pb.BatchSendNotificationsResponse(results=[refused])
    _change(history, again, method="BatchSendNotifications", request=request, answer=answer)


def _repeated(history: History) -> Call:
    """Return a send that repeats another one, with its data in another order."""
    return next(
        call
        for call in history.calls
        if isinstance(call.answer, service_pb.SendNotificationResponse) and call.answer.result.deduplicated
    )


CORRUPTIONS: dict[Corruption, str] = {
    **ACTIONS,
    **DELETIONS,
    **DISPLACEMENTS,
    **ERASURES,
    **POLLS,
    **RINGS,
    a_sent_one_is_not_listed: "Durable",
    a_feed_goes_back: "Durable",
    a_mark_is_undone: "Durable",
    a_stream_begins_behind_an_answer: "Durable",
    events_are_swapped: "Ordered",
    a_position_goes_back: "Ordered",
    an_event_comes_twice: "Unique",
    an_event_comes_again_after_a_resume: "Unique",
    an_event_is_lost: "Complete",
    a_device_is_left_behind: "Complete",
    a_removal_is_lost: "Complete",
    two_devices_are_told_different_things: "Convergent",
    two_devices_are_told_different_contents: "Convergent",
    a_catch_up_tells_of_each_change: "Collapsed",
    a_device_costs_too_much: "Bounded",
    another_users_notification_is_told: "Isolated",
    one_is_told_what_is_not_meant_for_it: "Isolated",
    a_stream_outlives_its_token: "Isolated",
    a_refusal_tells_that_something_exists: "Isolated",
    a_drain_without_a_word: "Drained",
    a_badge_is_wrong: "Exact",
    a_retry_is_stored_twice: "Idempotent",
    a_retry_is_refused_as_other_content: "Idempotent",
    a_retry_in_a_batch_is_refused_as_other_content: "Idempotent",
    somebody_waits_for_somebody_busy: "Fair",
}
