"""Marking: one, several, a group or all, on every device; snoozing, and exact counts."""

from datetime import timedelta

import pytest

from tests.support.services import Service
from unisono.client import (
    Device,
    Everything,
    Group,
    InvalidRequest,
    Key,
    MarkResult,
    NotFound,
    Platform,
    Publisher,
    ReadState,
    RevisionMismatch,
    UserActionState,
)
from unisono.client._wire.methods import GET_FEED, MARK
from unisono.v1 import notification_pb2 as notification_pb
from unisono.v1.feed_service_pb2 import GetFeedRequest
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

READ, UNREAD = ReadState.READ, ReadState.UNREAD
MINUTE = timedelta(minutes=1)


async def test_what_is_named_is_marked(publisher: Publisher) -> None:
    one, two, three = [
        await publisher.send("ada", title=title, app_notification_id=title) for title in ("1", "2", "3")
    ]
    result = await publisher.mark("ada", [one, Key("2"), one, "never was", Key("nor this")], read_state=READ)
    assert result == MarkResult(
        changed=2, skipped=0, last_revision=5, unread_count=1, not_found=("never was", "nor this")
    )
    assert (await publisher.get("ada", two)).read_state is READ
    assert (await publisher.get("ada", three)).read_state is UNREAD


async def test_when_nothing_named_is_there_it_says_so(publisher: Publisher) -> None:
    gone = await publisher.send("ada", title="x")
    await publisher.delete("ada", gone)
    with pytest.raises(NotFound) as raised:
        await publisher.mark("ada", [gone, Key("a")], read_state=READ)
    assert raised.value.reason == "NOTIFICATION_NOT_FOUND"


async def test_a_group_is_marked(publisher: Publisher) -> None:
    for group_name in ("a", "b", "a", ""):
        await publisher.send("ada", title="x", group_name=group_name)
    result = await publisher.mark("ada", Group("a"), user_action_state=UserActionState.DISMISSED)
    assert (result.changed, result.unread_count) == (2, 2)
    assert (await publisher.mark("ada", Group("c"), read_state=READ)).changed == 0


async def test_all_are_marked_once(publisher: Publisher) -> None:
    for _ in range(3):
        await publisher.send("ada", title="x")
    assert (await publisher.mark("ada", Everything(), read_state=READ)).changed == 3
    again = await publisher.mark("ada", Everything(), read_state=READ)
    assert (again.changed, again.last_revision, again.unread_count) == (0, 6, 0)


async def test_a_device_marks_all_that_is_meant_for_it(
    publisher: Publisher, laptop: Device, phone: Device
) -> None:
    await publisher.send("ada", title="All")
    await publisher.send("ada", title="Phones", platforms=[Platform.IOS])
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 1)
    result = await laptop.mark_read(Everything())
    assert result is not None
    assert (result.changed, result.unread_count) == (1, 0)
    assert (await publisher.get_feed("ada")).unread_count == 1
    await phone.wait_for(lambda phone: phone.unread_count == 1)


async def test_what_the_marker_cannot_have_seen_is_left_alone(publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    await publisher.send("ada", title="2")
    await publisher.update("ada", one, title="1, again")
    result = await publisher.mark("ada", Everything(), read_state=READ, up_to_revision=2)
    assert (result.changed, result.skipped, result.unread_count) == (1, 1, 1)
    assert (await publisher.get("ada", one)).read_state is UNREAD
    alone = await publisher.mark("ada", one, read_state=READ, up_to_revision=2)
    assert (alone.changed, alone.skipped) == (0, 1)


async def test_a_mark_can_expect_a_revision(publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    with pytest.raises(RevisionMismatch) as raised:
        await publisher.mark("ada", one, read_state=READ, expected_revision=2)
    assert raised.value.metadata == {"revision": "1"}
    assert (await publisher.mark("ada", one, read_state=READ, expected_revision=1)).changed == 1
    assert (await publisher.mark("ada", one, read_state=READ, expected_revision=1)).changed == 0


@pytest.mark.parametrize(
    ("read_state", "action", "counted"),
    [
        (UNREAD, UserActionState.NO_INTERACTION, 1),
        (UNREAD, UserActionState.ACTIVATED, 1),
        (UNREAD, UserActionState.DISMISSED, 0),
        (UNREAD, UserActionState.SNOOZED, 0),
        (READ, UserActionState.NO_INTERACTION, 0),
    ],
    ids=lambda value: getattr(value, "name", value),
)
async def test_a_badge_counts_what_waits(
    publisher: Publisher, read_state: ReadState, action: UserActionState, counted: int
) -> None:
    one = await publisher.send("ada", title="1")
    await publisher.mark("ada", one, read_state=READ, user_action_state=UserActionState.DISMISSED)
    result = await publisher.mark("ada", one, read_state=read_state, user_action_state=action)
    assert result.unread_count == (await publisher.get_feed("ada")).unread_count == counted


async def test_each_device_counts_what_is_meant_for_it(
    service: Service, publisher: Publisher, laptop: Device, phone: Device
) -> None:
    await publisher.send("ada", title="All")
    await publisher.send("ada", title="Phones", platforms=[Platform.IOS])
    await publisher.send("ada", title="Laptop", endpoint_ids=["laptop", "tablet"])
    await publisher.send("ada", title="Nobody", endpoint_ids=["tablet"])
    token = service.user_token()
    for endpoint_id, counted in (("", 4), ("laptop", 2), ("phone", 2)):
        request = GetFeedRequest(endpoint_id=endpoint_id)
        feed = await service.transport.unary(GET_FEED, request, token=token, timeout=20)
        assert (feed.last_revision, feed.unread_count) == (4, counted)
    await laptop.wait_for(lambda laptop: laptop.unread_count == 2)
    await phone.wait_for(lambda phone: phone.unread_count == 2)


async def test_what_was_snoozed_comes_back_unread_and_rings(service: Service, publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    until = service.now + MINUTE
    await publisher.mark(
        "ada", one, read_state=READ, user_action_state=UserActionState.SNOOZED, snooze_until=until
    )
    row = await publisher.get("ada", one)
    assert (row.user_action_state, row.snooze_until) == (UserActionState.SNOOZED, until)
    await service.advance(MINUTE - timedelta(milliseconds=1))
    assert (await publisher.get_feed("ada")).last_revision == 2
    await service.advance(timedelta(seconds=1))
    row = await publisher.get("ada", one)
    assert (row.read_state, row.user_action_state) == (UNREAD, UserActionState.NO_INTERACTION)
    assert (row.snooze_until, row.revision, row.alert_revision) == (None, 3, 3)


async def test_a_snooze_for_a_while_counts_from_the_call(service: Service, publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    await service.advance(MINUTE)
    await publisher.mark("ada", one, user_action_state=UserActionState.SNOOZED, snooze_for=MINUTE)
    assert (await publisher.get("ada", one)).snooze_until == service.now + MINUTE
    await service.advance(MINUTE + timedelta(seconds=1))
    row = await publisher.get("ada", one)
    assert (row.snooze_until, row.counts_as_unread, row.alert_revision) == (None, True, 3)


async def test_any_other_action_ends_a_snooze(service: Service, publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    until = service.now + MINUTE
    await publisher.mark("ada", one, user_action_state=UserActionState.SNOOZED, snooze_until=until)
    await publisher.mark("ada", one, read_state=READ)
    assert (await publisher.get("ada", one)).snooze_until == until
    await publisher.mark("ada", one, user_action_state=UserActionState.ACTIVATED)
    assert (await publisher.get("ada", one)).snooze_until is None
    await service.advance(2 * MINUTE)
    assert (await publisher.get_feed("ada")).last_revision == 4


async def test_a_snooze_without_an_end_does_not_end_by_itself(service: Service, publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    await publisher.mark("ada", one, user_action_state=UserActionState.SNOOZED)
    await service.advance(60 * MINUTE)
    assert (await publisher.get("ada", one)).user_action_state is UserActionState.SNOOZED


async def test_a_snooze_does_not_outlast_its_notification(service: Service, publisher: Publisher) -> None:
    short = await publisher.send("ada", title="1", expire_time=service.now + MINUTE)
    await publisher.send("ada", title="2")
    snooze = {"user_action_state": UserActionState.SNOOZED, "snooze_until": service.now + MINUTE}
    with pytest.raises(InvalidRequest) as raised:
        await publisher.mark("ada", short, **snooze)  # type: ignore[arg-type]
    problem = "the snooze must end before the notification's expire_time"
    assert raised.value.violations == {"snooze_until": problem}
    result = await publisher.mark("ada", Everything(), **snooze)  # type: ignore[arg-type]
    assert (result.changed, result.skipped) == (1, 1)


async def test_at_its_time_it_expires(service: Service, publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1", expire_time=service.now + MINUTE)
    await service.advance(MINUTE + timedelta(seconds=1))
    assert [row async for row in publisher.list("ada")] == []
    assert (await publisher.delete("ada", one)).already_removed
    feed = await publisher.get_feed("ada")
    assert (feed.last_revision, feed.unread_count) == (2, 0)


async def test_a_device_that_marks_is_registered(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="1")
    request = MarkNotificationsRequest(endpoint_id="laptop", read_state=notification_pb.READ_STATE_READ)
    request.all.SetInParent()
    with pytest.raises(NotFound) as raised:
        await service.transport.unary(MARK, request, token=service.user_token(), timeout=20)
    assert raised.value.reason == "ENDPOINT_NOT_FOUND"
