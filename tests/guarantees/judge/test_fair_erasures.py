"""The judge judges each life of a feed by itself, and takes nothing for granted of when one life ended."""

from dataclasses import replace

import pytest
from google.protobuf.message import Message

from tests.guarantees.judge.by_hand import batch, call, judged, listed, row, sent, stream, synced, welcome
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.checker import PROMISES
from unisono.verify.history import Annotation, Call, History
from unisono.verify.promises.complete_at_rest import SETTLED


def deleting(began: float, *, code: str = "OK", bar: int = 0) -> Call:
    request = feed_pb.DeleteFeedRequest(user_id="bob")
    request.bar_for.FromSeconds(bar)
    done = call("DeleteFeed", request, began, feed_pb.DeleteFeedResponse())
    return done if code == "OK" else replace(done, code=code, answer=None)


def looked(began: float, revision: int) -> Call:
    answer = feed_pb.GetFeedResponse(last_revision=revision)
    return call("GetFeed", feed_pb.GetFeedRequest(user_id="bob"), began, answer)


def of_life(epoch: bytes, revision: int = 0) -> feed_pb.SubscribeResponse:
    opening = welcome(revision)
    opening.welcome.feed_epoch, opening.welcome.resumed = epoch, False
    return opening


@pytest.mark.parametrize("code", ["OK", "UNAVAILABLE", "DEADLINE_EXCEEDED", ""])
def test_after_a_deletion_nothing_is_there_whatever_was_answered(code: str) -> None:
    history = History(calls=[sent(1000), deleting(1001, code=code), listed(1002), looked(1003, 0)])
    assert judged(history) == {}


@pytest.mark.parametrize("code", ["UNAVAILABLE", "PERMISSION_DENIED"])
def test_without_an_answer_it_may_all_be_there_still(code: str) -> None:
    history = History(calls=[sent(1000), deleting(1001, code=code), listed(1002, row()), looked(1003, 1)])
    assert judged(history) == {}


@pytest.mark.parametrize("code", ["PERMISSION_DENIED", "INVALID_ARGUMENT"])
def test_one_that_is_refused_deletes_nothing(code: str) -> None:
    assert "Durable" in judged(History(calls=[sent(1000), deleting(1001, code=code), listed(1002)]))


def test_tries_up_to_an_answer_are_one() -> None:
    """Between them everything is possible; before and after, nothing is."""
    tries = [deleting(1001, code="UNAVAILABLE"), deleting(1003)]
    assert judged(History(calls=[sent(1000), tries[0], listed(1002), tries[1], listed(1004)])) == {}
    assert "Durable" in judged(History(calls=[sent(999), listed(1000), *tries]))
    assert "Durable" in judged(History(calls=[sent(1000), *tries, listed(1004, row())]))


def test_what_came_at_the_same_time_may_be_of_either_feed() -> None:
    late = replace(sent(1000), ended=1002)
    for rows in ((), (row(),)):
        assert judged(History(calls=[late, deleting(1001), listed(1003, *rows)])) == {}


def test_another_feed_begins_from_nothing() -> None:
    before = stream(999, of_life(b"a"), batch(1, row(), b"1"), synced(1, 1))
    after = stream(1002, of_life(b"b"), synced(0, 0))
    calls = [sent(1000), deleting(1001), looked(1002, 0)]
    settled = Annotation(time=1003, name=SETTLED, values={"since": 1002.5})
    assert judged(History(calls=calls, streams=[before, after], annotations=[settled])) == {}


def test_a_stream_is_of_the_feed_that_it_names() -> None:
    """One that was asked for before the deletion may be of the feed after it."""
    asked_before = stream(1000.99, of_life(b"b"), synced(0, 0))
    asked_before.messages[0] = replace(asked_before.messages[0], time=1002)
    assert judged(History(calls=[sent(1000), deleting(1001)], streams=[asked_before])) == {}


@pytest.mark.parametrize(("began", "broken"), [(1002, True), (1009, True), (1010, False)])
def test_a_bar_lasts_as_long_as_it_was_asked_for(began: float, broken: bool) -> None:
    history = History(calls=[deleting(1000, bar=10), looked(began, 0)])
    assert ("Durable" in judged(history)) == broken


def test_a_deletion_of_who_is_barred_is_fine() -> None:
    assert judged(History(calls=[deleting(1000, bar=10), deleting(1001)])) == {}


def test_of_a_batch_each_user_is_judged() -> None:
    """Bob is deleted, and Eve is not."""
    asked = [service_pb.SendNotificationRequest(user_id=user) for user in ("bob", "eve")]
    results = [service_pb.SendResult(id=user, revision=1) for user in ("bob", "eve")]
    told = [service_pb.BatchSendResult(result=result) for result in results]
    answer: Message = service_pb.BatchSendNotificationsResponse(results=told)
    batched = call(
        "BatchSendNotifications", service_pb.BatchSendNotificationsRequest(requests=asked), 1000, answer
    )
    eves = call("GetFeed", feed_pb.GetFeedRequest(user_id="eve"), 1002, feed_pb.GetFeedResponse())
    assert judged(History(calls=[batched, deleting(1001), looked(1002, 0)])) == {}
    assert set(judged(History(calls=[batched, deleting(1001), eves]))) == {"Durable"} <= {*PROMISES}
    barred = [replace(deleting(999, bar=10)), batched]
    assert "Durable" in judged(History(calls=barred))
