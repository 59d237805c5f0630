"""The statistics of a history are those of what happened in it."""

import pytest

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Annotation, Call, History, Principal, Stream, TimedMessage
from unisono.verify.run_stats import RunStats

ADA = Principal(app_id="app.test", user_id="ada")
APP = Principal(app_id="app.test")


def send(id_: str, revision: int, began: float, *, deduplicated: bool = False) -> Call:
    result = service_pb.SendResult(id=id_, revision=revision, deduplicated=deduplicated)
    return Call(
        principal=APP,
        method="SendNotification",
        request=service_pb.SendNotificationRequest(user_id="ada"),
        began=began,
        ended=began + 0.01,
        answer=service_pb.SendNotificationResponse(result=result),
    )


def batch(began: float, *results: service_pb.BatchSendResult) -> Call:
    requests = [service_pb.SendNotificationRequest(user_id="ada") for _ in results]
    return Call(
        principal=APP,
        method="BatchSendNotifications",
        request=service_pb.BatchSendNotificationsRequest(requests=requests),
        began=began,
        ended=began + 0.01,
        answer=service_pb.BatchSendNotificationsResponse(results=results),
    )


def event(id_: str, revision: int) -> feed_pb.Event:
    return feed_pb.Event(notification_id=id_, revision=revision, notification=pb.Notification(id=id_))


def stream(began: float, ended: float | None, code: str, *received: tuple[float, object]) -> Stream:
    """Of Ada's laptop; what it hears is events, or what else a message can be."""
    messages = []
    for time, what in received:
        if isinstance(what, feed_pb.Event):
            message = feed_pb.SubscribeResponse(event_batch=feed_pb.EventBatch(events=[what]))
        elif isinstance(what, feed_pb.Welcome):
            message = feed_pb.SubscribeResponse(welcome=what)
        else:
            message = feed_pb.SubscribeResponse(synced=feed_pb.Synced())
        messages.append(TimedMessage(time, message))
    return Stream(
        principal=ADA,
        request=feed_pb.SubscribeRequest(endpoint_id="laptop"),
        began=began,
        messages=messages,
        ended=ended,
        code=code,
    )


def annotations(*annotations: tuple[float, str]) -> History:
    return History(annotations=[Annotation(time=time, name=what) for time, what in annotations])


def test_of_nothing_there_is_nothing() -> None:
    assert RunStats.of(History()) == RunStats()
    assert list(RunStats().lines()) == []


def test_sends_count_alone_and_in_batches() -> None:
    good = service_pb.BatchSendResult(result=service_pb.SendResult(id="b", revision=2))
    bad = service_pb.BatchSendResult(error=service_pb.BatchItemError(code=3))
    unanswered = Call(
        principal=APP,
        method="SendNotification",
        request=service_pb.SendNotificationRequest(),
        began=0.0,
        ended=1.0,
        code="UNAVAILABLE",
    )
    stats = RunStats.of(History(calls=[send("a", 1, 0.0), batch(0.0, good, bad), unanswered]))
    assert (stats.sends_acknowledged, stats.calls_answered) == (2, 2)


def test_faults_are_counted_as_facts_tell() -> None:
    stats = RunStats.of(
        annotations((1, "SIGKILL"), (2, "SIGTERM"), (3, "SIGSTOP"), (4, "CUT"), (5, "CUT"), (6, "LOST"))
    )
    assert (stats.kills, stats.stops, stats.pauses) == (1, 1, 1)
    assert (stats.cuts, stats.answers_lost) == (2, 1)


def test_a_recovery_is_from_serving_to_all_devices_live() -> None:
    happened = annotations((1, "SERVING"), (2, "CUT"), (4, "LIVE"), (5, "SERVING"), (6, "LIVE"), (9, "LIVE"))
    assert RunStats.of(happened).longest_recovery == 3


def test_a_return_is_from_the_end_of_a_stream_to_live_again() -> None:
    history = History(
        streams=[
            stream(0.0, 2.0, "UNAVAILABLE", (1.0, "synced")),
            stream(2.1, 2.2, "UNAVAILABLE", (2.1, feed_pb.Welcome(resumed=True))),
            stream(2.5, 7.0, "", (2.6, feed_pb.Welcome(resumed=True)), (3.0, "synced")),
            # It had left by itself.
            stream(9.0, None, "", (9.9, "synced")),
        ]
    )
    stats = RunStats.of(history)
    assert stats.longest_reconnect == 1.0
    assert (stats.streams, stats.resumes) == (4, 2)


def test_latency_is_from_the_beginning_of_a_send_to_each_device() -> None:
    history = History(
        calls=[send("a", 1, 1.0), send("b", 2, 2.0), send("b", 2, 2.5, deduplicated=True)],
        streams=[
            stream(0.0, None, "", (1.25, event("a", 1)), (2.5, event("b", 2)), (3.0, event("a", 3))),
            stream(0.0, None, "", (2.0, event("a", 1))),
        ],
    )
    stats = RunStats.of(history)
    assert stats.latencies == (0.25, 0.5, 1.0)
    assert (stats.latency(0.5), stats.latency(1.0)) == (0.5, 1.0)
    assert stats.events_received == 4


def test_those_of_two_histories_add_up() -> None:
    one = RunStats(kills=1, streams=2, longest_recovery=3.0, longest_reconnect=0.5, latencies=(0.1, 0.3))
    other = RunStats(kills=2, streams=3, longest_recovery=1.0, longest_reconnect=0.7, latencies=(0.2,))
    assert one + other == RunStats(
        kills=3, streams=5, longest_recovery=3.0, longest_reconnect=0.7, latencies=(0.1, 0.2, 0.3)
    )


@pytest.mark.parametrize(
    ("stats", "lines"),
    [
        (RunStats(events_received=12345), [f"events received      {'12,345':>12}"]),
        (RunStats(longest_reconnect=0.25), [f"longest reconnect    {'0.250 s':>12}"]),
    ],
)
def test_people_get_a_line_for_what_there_was(stats: RunStats, lines: list[str]) -> None:
    assert list(stats.lines()) == lines


def test_programs_get_all_of_them() -> None:
    shape = RunStats(latencies=(0.1, 0.2, 0.9)).to_json()
    assert (shape["latency_p50"], shape["latency_p99"], shape["kills"]) == (0.2, 0.2, 0)
    assert "latencies" not in shape
