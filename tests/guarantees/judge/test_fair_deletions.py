"""The judge takes a deletion of many for the cause of a removal where it may be, and nowhere else."""

from typing import Any

import pytest

from tests.guarantees.judge.by_hand import BOB, call, judged, listed, row, sent, stream, synced, welcome
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History

NAMED = service_pb.NotificationRefs(refs=[pb.NotificationRef(id="n1")])
KEYED = service_pb.NotificationRefs(refs=[pb.NotificationRef(app_notification_id="k")])
ALL = service_pb.AllNotifications()


def deleting(began: float, *, skipped: int = 0, **fields: Any) -> Call:
    request = service_pb.DeleteNotificationsRequest(user_id="bob", **fields)
    answer = service_pb.DeleteNotificationsResponse(removed=1, skipped=skipped, last_revision=2)
    return call("DeleteNotifications", request, began, answer)


def marking(began: float, **fields: Any) -> Call:
    request = service_pb.MarkNotificationsRequest(user_id="bob", **fields)
    return call("MarkNotifications", request, began, service_pb.MarkNotificationsResponse())


def grouped() -> Call:
    """A send to the group g, with the key k, for the web."""
    one = sent(1000)
    assert isinstance(one.request, service_pb.SendNotificationRequest)
    one.request.group_name, one.request.app_notification_id = "g", "k"
    return one


def as_sent(**fields: Any) -> pb.Notification:
    one = row()
    one.MergeFrom(pb.Notification(group_name="g", app_notification_id="k", **fields))
    return one


def removed(revision: int = 2) -> feed_pb.SubscribeResponse:
    event = feed_pb.Event(
        notification_id="n1",
        revision=revision,
        removed=True,
        change_type=feed_pb.CHANGE_TYPE_DELETED,
        notification=pb.Notification(id="n1", app_notification_id="k"),
    )
    return feed_pb.SubscribeResponse(
        resume_token=b"r", revision=revision, event_batch=feed_pb.EventBatch(events=[event])
    )


MAY: dict[str, dict[str, Any]] = {
    "by its id": {"references": NAMED},
    "by its key": {"references": KEYED},
    "its group": {"group_name": "g"},
    "all": {"all": ALL},
    "all that is unread": {"all": ALL, "read_state": pb.READ_STATE_UNREAD},
    "up to its revision": {"all": ALL, "up_to_revision": 1},
}
MAY_NOT: dict[str, dict[str, Any]] = {
    "another id": {"references": service_pb.NotificationRefs(refs=[pb.NotificationRef(id="n2")])},
    "another group": {"group_name": "h"},
    "all that is read": {"all": ALL, "read_state": pb.READ_STATE_READ},
    "itself if it was dismissed": {
        "references": NAMED,
        "user_action_state": pb.USER_ACTION_STATE_DISMISSED,
    },
}


@pytest.mark.parametrize("fields", MAY.values(), ids=MAY)
def test_what_a_deletion_may_have_met_may_be_gone(fields: dict[str, Any]) -> None:
    """Nobody was told that it was removed, and the tombstone was purged."""
    calls = [grouped(), listed(1001, as_sent()), deleting(1002, **fields), listed(1003)]

    assert judged(History(calls=calls, streams=[stream(1003, welcome(3), synced(3, 0))])) == {}


@pytest.mark.parametrize("fields", MAY_NOT.values(), ids=MAY_NOT)
def test_what_none_may_have_met_may_not(fields: dict[str, Any]) -> None:
    calls = [grouped(), listed(1001, as_sent()), deleting(1002, **fields), listed(1003)]

    found = judged(History(calls=calls, streams=[stream(1003, welcome(3), synced(3, 0))]))

    assert {"Durable", "Complete"} <= found.keys()


@pytest.mark.parametrize("fields", MAY_NOT.values(), ids=MAY_NOT)
def test_nor_does_an_event_make_it_good(fields: dict[str, Any]) -> None:
    calls = [grouped(), listed(1001, as_sent()), deleting(1002, **fields)]

    assert "Durable" in judged(History(calls=calls, streams=[stream(1002.05, welcome(0), removed())]))


def test_a_deletion_that_came_later_has_not_met_it() -> None:
    assert "Durable" in judged(History(calls=[grouped(), listed(1001), deleting(1002, all=ALL)]))


def test_what_was_asked_to_be_read_may_have_been() -> None:
    """The mark was answered or not; the state before the removal was told to nobody."""
    read = marking(1001.5, group_name="g", read_state=pb.READ_STATE_READ)
    deleted = deleting(1002, all=ALL, read_state=pb.READ_STATE_READ)

    assert judged(History(calls=[grouped(), listed(1001, as_sent()), read, deleted, listed(1003)])) == {}


def test_where_the_state_before_is_known_that_decides() -> None:
    """It was to be read, and was not when it was removed: revision 2 follows on 1."""
    read = marking(1001.5, group_name="g", read_state=pb.READ_STATE_READ)
    deleted = deleting(1002, all=ALL, read_state=pb.READ_STATE_READ)
    calls = [grouped(), listed(1001, as_sent()), read, deleted]

    assert "Durable" in judged(History(calls=calls, streams=[stream(1002.05, welcome(0), removed(2))]))
    assert judged(History(calls=calls, streams=[stream(1002.05, welcome(0), removed(3))])) == {}


def test_what_was_moved_into_a_group_may_be_deleted_with_it() -> None:
    content = service_pb.NotificationContent(group_name="h")
    request = service_pb.UpdateNotificationRequest(
        user_id="bob", notification=pb.NotificationRef(id="n1"), content=content
    )
    moved = call("UpdateNotification", request, 1001, service_pb.UpdateNotificationResponse())

    assert judged(History(calls=[grouped(), moved, deleting(1002, group_name="h"), listed(1003)])) == {}


@pytest.mark.parametrize(
    ("platform", "fair"), [(pb.DEVICE_PLATFORM_WEB, True), (pb.DEVICE_PLATFORM_IOS, False)]
)
def test_all_of_a_device_is_what_is_meant_for_it(platform: pb.DevicePlatform.ValueType, fair: bool) -> None:
    """The device is for the web."""
    tv = stream(1000, welcome(0), synced(0, 0))
    meant = as_sent(target_policy=pb.TargetPolicy(platforms=[platform]))
    calls = [grouped(), listed(1001, meant), deleting(1002, endpoint_id="tv", all=ALL), listed(1003)]

    assert ("Durable" not in judged(History(calls=calls, streams=[tv]))) is fair


def test_what_is_listed_later_was_met_unless_it_changed_or_was_skipped() -> None:
    there = as_sent()
    changed = as_sent()
    changed.revision = 5
    before, asked = listed(1001, there), deleting(1002, group_name="g")
    skipping = deleting(1002, all=ALL, up_to_revision=0, skipped=1)

    assert "Durable" in judged(History(calls=[grouped(), before, asked, listed(1003, there)]))
    assert judged(History(calls=[grouped(), before, asked, listed(1003, changed)])) == {}
    assert judged(History(calls=[grouped(), before, skipping, listed(1003, there)])) == {}
    named = deleting(1002, references=NAMED)
    assert "Durable" in judged(History(calls=[grouped(), before, named, listed(1003, changed)]))


def test_whoever_deletes_is_of_the_feed() -> None:
    """Another user's deletion of all is about that user's feed."""
    request = service_pb.DeleteNotificationsRequest(user_id="ada", all=ALL)
    answer = service_pb.DeleteNotificationsResponse(removed=1, last_revision=2)
    others = call("DeleteNotifications", request, 1001, answer)

    assert "Durable" in judged(History(calls=[grouped(), others, listed(1003)]))
    assert BOB.user_id != request.user_id
