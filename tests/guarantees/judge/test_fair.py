"""The judge finds nothing in small valid histories that look broken, each of which it once misjudged."""

from tests.guarantees.judge.by_hand import (
    LATER,
    at,
    batch,
    call,
    judged,
    listed,
    row,
    sent,
    stream,
    synced,
    welcome,
)
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.clock_uncertainty import CLOCK_JUMP
from unisono.verify.history import Annotation, History


def test_a_device_that_begins_at_the_end_may_lack_what_was_before() -> None:
    began = stream(1002, welcome(1), synced(1, 1), start=feed_pb.START_POSITION_END)

    assert judged(History(calls=[sent(1000), listed(1001, row())], streams=[began])) == {}


def test_a_mark_that_skips_something_leaves_it_as_it_was() -> None:
    """As one that would snooze it for longer than it lives."""
    request = service_pb.MarkNotificationsRequest(
        user_id="bob",
        references=service_pb.NotificationRefs(refs=[pb.NotificationRef(id="n1")]),
        user_action_state=pb.USER_ACTION_STATE_SNOOZED,
        snooze_until=at(LATER + 500),
    )
    answer = service_pb.MarkNotificationsResponse(skipped=1, last_revision=1)
    marked = call("MarkNotifications", request, 1002, answer)

    assert judged(History(calls=[sent(1000), marked, listed(1003, row())])) == {}


def test_what_was_patched_to_expire_sooner_may_be_gone_before_its_sender_was_told() -> None:
    request = service_pb.UpdateNotificationRequest(user_id="bob", notification=pb.NotificationRef(id="n1"))
    answer = service_pb.UpdateNotificationResponse(notification=row(2, expires=1005))
    patched = call("UpdateNotification", request, 1001, answer)

    assert judged(History(calls=[sent(1000), patched, listed(1032)])) == {}


def test_a_removal_that_nobody_was_told_of_may_have_been_forgotten() -> None:
    """The delete was answered, or not; and the device was away until its tombstone was gone."""
    request = service_pb.DeleteNotificationRequest(user_id="bob", notification=pb.NotificationRef(id="n1"))
    answer = service_pb.DeleteNotificationResponse(revision=2)
    deleted = call("DeleteNotification", request, 1002, answer)
    began = stream(1003, welcome(3), synced(3, 0))

    assert judged(History(calls=[sent(1000), listed(1001, row()), deleted], streams=[began])) == {}


def test_what_was_handled_when_a_catch_up_broke_off_need_not_ring_when_it_is_unread_again() -> None:
    """The stream broke between the last batch, whose position is complete, and Synced."""
    new, read, unread = row(4), row(4), row(5)
    for one in (new, read, unread):
        one.alert_revision = 4
    read.read_state = pb.READ_STATE_READ
    first = stream(1002, welcome(3), synced(3, 0, b"a"))
    second = stream(1004, welcome(3), batch(4, read, b"b"), token=b"a")
    third = stream(1006, welcome(4), batch(5, unread, b"c"), synced(5, 1, b"c"), token=b"b")
    other = stream(1004, welcome(3), batch(4, new, b"b"), token=b"a")

    assert judged(History(streams=[first, second, third])) == {}
    assert "Resumable" in judged(History(streams=[first, other, third]))


def test_what_expires_within_the_hour_may_be_gone_when_the_clock_of_the_server_jumps_by_one() -> None:
    jumped = Annotation(time=1001, name=CLOCK_JUMP, values={"ahead": 3600})
    calls = [sent(1000, expires=2000), listed(1000.5, row(expires=2000)), listed(1002)]

    assert judged(History(calls=calls, annotations=[jumped])) == {}
    assert "Durable" in judged(History(calls=calls))
