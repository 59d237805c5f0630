"""A send is stored once, as it was said, or refused with the reason."""

from datetime import timedelta

import pytest

from tests.client.conftest import Join, Serve
from tests.support.services import OTHER_APP, Service
from unisono.client import (
    Device,
    InvalidRequest,
    Key,
    KeyConflict,
    PermissionDenied,
    Platform,
    Priority,
    Publisher,
    QuotaExceeded,
    ReadState,
    SenderRole,
    SendResult,
    UserActionState,
    draft,
)
from unisono.client._wire.methods import BATCH_SEND, SEND
from unisono.v1.notification_service_pb2 import BatchSendNotificationsRequest

DAY = timedelta(days=1)


async def test_what_was_sent_is_kept_as_it_was_said(service: Service, publisher: Publisher) -> None:
    expire_time = service.now + 3 * DAY
    result = await publisher.send(
        "ada",
        title="Your parcel",
        body="It is at the door",
        raw_content=b"\x00\x01",
        app_notification_id="parcel 17",
        group_name="parcels",
        category="arrivals",
        priority=Priority.HIGH,
        platforms=[Platform.LINUX, Platform.IOS, Platform.LINUX],
        endpoint_ids=["tablet", "phone", "tablet"],
        display_time_to_live=timedelta(hours=2),
        expire_time=expire_time,
    )

    row = await publisher.get("ada", result)
    assert (row.id, row.revision, row.alert_revision) == (result.id, 1, 1)
    assert (row.app_id, row.user_id, row.sender_role) == ("mail.test", "ada", SenderRole.PUBLISHER)
    assert (row.title, row.body, row.raw_content) == ("Your parcel", "It is at the door", b"\x00\x01")
    assert (row.app_notification_id, row.group_name) == ("parcel 17", "parcels")
    assert (row.category, row.priority) == ("arrivals", Priority.HIGH)
    assert (row.platforms, row.endpoint_ids) == ((Platform.IOS, Platform.LINUX), ("phone", "tablet"))
    assert row.display_time_to_live == timedelta(hours=2)
    assert row.expire_time == result.expire_time == expire_time
    assert row.create_time == row.update_time == result.create_time == service.now
    assert (row.read_state, row.snooze_until) == (ReadState.UNREAD, None)
    assert row.user_action_state is UserActionState.NO_INTERACTION


async def test_without_a_time_it_expires_in_a_week(service: Service, publisher: Publisher) -> None:
    result = await publisher.send("ada", title="Hello")
    assert result.expire_time == service.now + 7 * DAY
    assert (await publisher.get("ada", result)).display_time_to_live is None


async def test_times_are_cut_to_milliseconds(service: Service, publisher: Publisher) -> None:
    odd = timedelta(days=1, microseconds=1999)
    result = await publisher.send("ada", title="x", expire_time=service.now + odd, display_time_to_live=odd)
    row = await publisher.get("ada", result)
    assert row.expire_time == service.now + timedelta(days=1, milliseconds=1)
    assert row.display_time_to_live == timedelta(days=1, milliseconds=1)


async def test_the_same_is_stored_once(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="Hello", app_notification_id="a")
    await publisher.mark("ada", first, read_state=ReadState.READ)
    again = await publisher.send("ada", title="Hello", app_notification_id="a")
    assert (first.deduplicated, again.deduplicated, again.removed) == (False, True, False)
    assert (again.id, again.revision, again.create_time) == (first.id, 2, first.create_time)
    assert (await publisher.get_feed("ada")).last_revision == 2


async def test_a_late_repeat_does_not_bring_back_what_was_deleted(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="Hello", app_notification_id="a")
    await publisher.delete("ada", first)
    again = await publisher.send("ada", title="Hello", app_notification_id="a")
    assert (again.id, again.deduplicated, again.removed) == (first.id, True, True)


async def test_a_repeat_is_told_before_its_time_is_looked_at(service: Service, publisher: Publisher) -> None:
    expire_time = service.now + timedelta(seconds=10)
    first = await publisher.send("ada", title="x", app_notification_id="a", expire_time=expire_time)
    await service.advance(timedelta(seconds=11))
    again = await publisher.send("ada", title="x", app_notification_id="a", expire_time=expire_time)
    assert (again.id, again.removed) == (first.id, True)


async def test_the_same_content_is_what_was_asked_for_not_what_it_became(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="One", app_notification_id="a")
    await publisher.update("ada", first, title="Two")
    assert (await publisher.send("ada", title="One", app_notification_id="a")).deduplicated
    with pytest.raises(KeyConflict):
        await publisher.send("ada", title="Two", app_notification_id="a")


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Other"},
        {"body": "more"},
        {"raw_content": b"x"},
        {"group_name": "g"},
        {"category": "c"},
        {"priority": Priority.LOW},
        {"platforms": [Platform.WEB]},
        {"endpoint_ids": ["phone"]},
        {"display_time_to_live": DAY},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_other_content_is_refused(publisher: Publisher, other: dict[str, object]) -> None:
    first = await publisher.send("ada", title="Hello", app_notification_id="a")
    content = {"title": "Hello", "app_notification_id": "a", **other}
    with pytest.raises(KeyConflict) as raised:
        await publisher.send("ada", **content)  # type: ignore[arg-type]
    error = raised.value
    assert (error.code.name, error.reason) == ("ALREADY_EXISTS", "KEY_CONFLICT")
    assert error.metadata == {"notification_id": first.id}
    assert (await publisher.get_feed("ada")).last_revision == 1


async def test_or_replaces_it_in_place(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="One", body="b", group_name="g", app_notification_id="a")
    await publisher.mark("ada", first, read_state=ReadState.READ, user_action_state=UserActionState.SNOOZED)
    second = await publisher.send("ada", title="Two", app_notification_id="a", replace=True)
    row = await publisher.get("ada", second)
    assert (second.id, second.revision, second.deduplicated) == (first.id, 3, False)
    assert (row.title, row.body, row.group_name, row.alert_revision) == ("Two", "", "", 3)
    assert (row.read_state, row.user_action_state) == (ReadState.UNREAD, UserActionState.NO_INTERACTION)
    assert (await publisher.get_feed("ada")).unread_count == 1


async def test_for_other_devices_it_is_replaced_by_a_new_one(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="One", app_notification_id="a", endpoint_ids=["phone"])
    second = await publisher.send(
        "ada", title="One", app_notification_id="a", endpoint_ids=["tablet"], replace=True
    )
    assert (second.id != first.id, second.revision) == (True, 3)
    assert [row.id async for row in publisher.list("ada")] == [second.id]
    assert (await publisher.delete("ada", first.id)).revision == 2


async def test_the_key_of_something_gone_is_free_for_other_content(publisher: Publisher) -> None:
    first = await publisher.send("ada", title="One", app_notification_id="a")
    await publisher.delete("ada", first)
    second = await publisher.send("ada", title="Two", app_notification_id="a")
    assert second.id != first.id
    assert (await publisher.get("ada", Key("a"))).id == second.id


async def test_publishers_and_users_have_keys_of_their_own(
    service: Service, publisher: Publisher, laptop: Device
) -> None:
    theirs = await publisher.send("ada", title="From the app", app_notification_id="a")
    request = draft("", title="From Ada", app_notification_id="a", endpoint_id="laptop")
    answer = await service.transport.unary(SEND, request, token=service.user_token(), timeout=20)
    assert answer.result.revision == 2
    assert (await publisher.get("ada", Key("a"))).id == theirs.id
    assert (await publisher.get("ada", answer.result.id)).sender_role is SenderRole.USER
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 2)


async def test_a_device_needs_a_scope_to_send(service: Service) -> None:
    request = draft("", title="From Ada", endpoint_id="laptop")
    token = service.user_token(may_send=False)
    with pytest.raises(PermissionDenied) as raised:
        await service.transport.unary(SEND, request, token=token, timeout=20)
    assert raised.value.reason == "SCOPE_MISSING"
    assert raised.value.metadata == {"scope": "notifications.send"}


async def test_users_and_apps_are_apart(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="Hello", app_notification_id="a")
    await publisher.send("bob", title="Other", app_notification_id="a")
    async with Publisher(service.transport, service.app_token(OTHER_APP)) as other:
        await other.send("ada", title="Another", app_notification_id="a")
        assert [row.title async for row in other.list("ada")] == ["Another"]
    assert [row.title async for row in publisher.list("ada")] == ["Hello"]
    assert [row.title async for row in publisher.list("bob")] == ["Other"]


async def test_in_a_batch_each_has_its_outcome_and_a_bad_one_harms_no_other(
    service: Service, publisher: Publisher
) -> None:
    drafts = [
        draft("ada", title="One", app_notification_id="a"),
        draft("", title="No user"),
        draft("bob", title="x" * 1025),
        draft("ada", title="Two", app_notification_id="a"),
        draft("ada", title="One", app_notification_id="a"),
        draft("bob", title="Three", expire_time=service.now),
    ]
    one, no_user, long, conflict, again, late = await publisher.batch(drafts)

    assert isinstance(one, SendResult)
    assert isinstance(again, SendResult)
    assert (one.id, one.deduplicated) == (again.id, not again.deduplicated)
    assert isinstance(no_user, InvalidRequest)
    assert no_user.violations == {"user_id": "is required"}
    assert isinstance(long, InvalidRequest)
    title = "payload.visual_content.title"
    assert long.violations == {title: "must be at most 1024 bytes, is 1025"}
    assert isinstance(conflict, KeyConflict)
    assert conflict.metadata == {"notification_id": one.id}
    assert isinstance(late, InvalidRequest)
    assert late.violations == {"expire_time": "must be in the future"}
    assert (late.code.name, late.reason, str(late)) == (
        "INVALID_ARGUMENT",
        "INVALID_REQUEST",
        "expire_time: must be in the future",
    )


@pytest.mark.parametrize(
    ("items", "problem"),
    [(0, "must have at least one member"), (3, "must have at most 2 members")],
)
async def test_a_batch_is_neither_empty_nor_too_long(serve: Serve, items: int, problem: str) -> None:
    service = await serve(batch_items=2)
    request = BatchSendNotificationsRequest(requests=[draft("ada", title="x")] * items)
    with pytest.raises(InvalidRequest) as raised:
        await service.transport.unary(BATCH_SEND, request, token=service.app_token(), timeout=20)
    assert raised.value.violations == {"requests": problem}


async def test_a_feed_holds_so_many_and_no_more(serve: Serve) -> None:
    service = await serve(live_notifications_per_feed=2)
    async with Publisher(service.transport, service.app_token()) as publisher:
        first = await publisher.send("ada", title="One", app_notification_id="a")
        await publisher.send("ada", title="Two")
        with pytest.raises(QuotaExceeded) as raised:
            await publisher.send("ada", title="Three")
        assert raised.value.reason == "LIVE_NOTIFICATIONS_EXCEEDED"
        assert raised.value.metadata == {"limit": "2"}
        assert (await publisher.send("ada", title="One", app_notification_id="a")).deduplicated
        await publisher.send("bob", title="Three")
        await publisher.delete("ada", first)
        await publisher.send("ada", title="Three")


async def test_an_expiry_may_be_thirty_days_ahead_and_no_more(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="x", expire_time=service.now + 30 * DAY)
    beyond = service.now + 30 * DAY + timedelta(milliseconds=1)
    with pytest.raises(InvalidRequest) as raised:
        await publisher.send("ada", title="x", expire_time=beyond)
    assert raised.value.violations == {"expire_time": "must be at most 30 days ahead"}


async def test_what_was_sent_reaches_a_device_that_sent_it(service: Service, join: Join) -> None:
    laptop = await join("laptop")
    events = laptop.events()
    request = draft("", title="Note to self", endpoint_id="laptop")
    await service.transport.unary(SEND, request, token=service.user_token(), timeout=20)
    event = await anext(events)
    assert (event.origin_endpoint_id, event.notification.title) == ("laptop", "Note to self")
