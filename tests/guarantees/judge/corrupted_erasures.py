"""Corruptions of what a valid history says of Eve, who is deleted, begins anew, and is barred."""

from dataclasses import replace

from tests.guarantees.judge.corrupted_deletions import Corruption
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History, Stream


def _calls(history: History, method: str) -> list[Call]:
    """Return the calls of a method about Eve."""
    found = [call for call in history.calls if call.method == method]
    return [call for call in found if getattr(call.request, "user_id", "") == "eve"]


def _streams(history: History) -> list[Stream]:
    return [stream for stream in history.streams if stream.principal.user_id == "eve"]


def _first_sent(history: History) -> str:
    answer = _calls(history, "SendNotification")[0].answer
    assert isinstance(answer, service_pb.SendNotificationResponse)
    return answer.result.id


def _list(history: History) -> service_pb.ListNotificationsResponse:
    """Return what a list shows after the first deletion."""
    answer = _calls(history, "ListNotifications")[0].answer
    assert isinstance(answer, service_pb.ListNotificationsResponse)
    return answer


def what_was_erased_is_listed(history: History) -> None:
    listed = _list(history)
    row = pb.Notification()
    row.CopyFrom(listed.notifications[0])
    row.id = _first_sent(history)
    listed.notifications.append(row)


def what_was_erased_comes_on_a_stream(history: History) -> None:
    second = _streams(history)[1]
    for received in second.messages:
        for event in received.message.event_batch.events:
            event.notification_id = event.notification.id = _first_sent(history)


def a_stream_goes_on_in_an_erased_feed(history: History) -> None:
    first, second = _streams(history)[:2]
    second.messages[0].message.welcome.feed_epoch = first.messages[0].message.welcome.feed_epoch


def who_is_barred_is_served(history: History) -> None:
    refused = _calls(history, "SendNotification")[-1]
    assert refused.reason == "FEED_BARRED"
    result = service_pb.SendResult(id="too soon", revision=1)
    answer = service_pb.SendNotificationResponse(result=result)
    place = history.calls.index(refused)
    history.calls[place] = replace(refused, code="OK", reason="", answer=answer)


def a_bar_lets_a_stream_open(history: History) -> None:
    last = _streams(history)[-1]
    assert last.reason == "FEED_BARRED"
    first = _streams(history)[0].messages[0]
    last.messages.append(replace(first, time=last.began + 0.001))
    last.messages[-1].message.welcome.feed_epoch = b"another"


def a_feed_that_begins_anew_loses_something(history: History) -> None:
    del _list(history).notifications[0]


def a_badge_of_the_second_feed_drifts(history: History) -> None:
    for received in _streams(history)[1].messages:
        received.message.unread_count += 1


ERASURES: dict[Corruption, str] = {
    what_was_erased_is_listed: "Durable",
    what_was_erased_comes_on_a_stream: "Durable",
    a_stream_goes_on_in_an_erased_feed: "Durable",
    who_is_barred_is_served: "Durable",
    a_bar_lets_a_stream_open: "Durable",
    a_feed_that_begins_anew_loses_something: "Durable",
    a_badge_of_the_second_feed_drifts: "Exact",
}
