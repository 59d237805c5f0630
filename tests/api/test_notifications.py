"""Sending and reading one notification: every field, as it was sent and as it is kept."""

import uuid
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.api_client import UNREAD, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.rpc_errors import raises_status
from unisono.v1 import notification_pb2 as pb

WEEK = 7 * 24 * 3600 * 1000


async def test_a_notification_is_kept_as_it_was_sent(
    backend: ApiClient, clock: FakeClock, user_id: str
) -> None:
    payload = pb.Payload(
        visual_content=pb.VisualContent(title="Order", body="Sent\n\u2713"), raw_content=bytes(range(256))
    )
    target = pb.TargetPolicy(
        platforms=[pb.DEVICE_PLATFORM_WINDOWS, pb.DEVICE_PLATFORM_LINUX], endpoint_ids=["laptop", "phone"]
    )
    now = clock.now()
    result = await backend.send(
        app_notification_id="order-17",
        group_name="orders",
        category="shipping",
        payload=payload,
        priority=pb.PRIORITY_LOW,
        target_policy=target,
        display_time_to_live=Duration(seconds=90, nanos=500_000_000),
        expire_time=time_of(now + 5000),
    )
    assert await backend.get(result.id) == pb.Notification(
        id=result.id,
        app_id="mail.test",
        user_id=user_id,
        app_notification_id="order-17",
        sender_role=pb.SENDER_ROLE_PUBLISHER,
        group_name="orders",
        category="shipping",
        payload=payload,
        priority=pb.PRIORITY_LOW,
        target_policy=target,
        display_time_to_live=Duration(seconds=90, nanos=500_000_000),
        expire_time=time_of(now + 5000),
        read_state=UNREAD,
        user_action_state=pb.USER_ACTION_STATE_NO_INTERACTION,
        create_time=time_of(now),
        update_time=time_of(now),
        revision=1,
        alert_revision=1,
        alert_time=time_of(now),
    )


async def test_what_is_absent_stays_absent(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send()
    row = await backend.get(result.id)
    assert not row.HasField("target_policy")
    assert not row.HasField("display_time_to_live")
    assert not row.HasField("snooze_until")
    assert row.priority == pb.PRIORITY_UNSPECIFIED
    assert row.expire_time == time_of(clock.now() + WEEK)


@pytest.mark.parametrize(
    "payload",
    [
        pb.Payload(raw_content=b"\0"),
        pb.Payload(visual_content=pb.VisualContent(title="a")),
        pb.Payload(visual_content=pb.VisualContent(title="a", body="b")),
        pb.Payload(visual_content=pb.VisualContent(title="a"), raw_content=b"b"),
    ],
    ids=str,
)
async def test_a_payload_has_visual_or_raw_content_or_both(backend: ApiClient, payload: pb.Payload) -> None:
    result = await backend.send(payload=payload)
    assert (await backend.get(result.id)).payload == payload


async def test_the_result_says_what_was_stored(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send(expire_time=time_of(clock.now() + 1000))
    assert uuid.UUID(result.id).version == 7
    assert result.id == str(uuid.UUID(result.id))
    assert result.create_time == time_of(clock.now())
    assert result.expire_time == time_of(clock.now() + 1000)
    assert (result.revision, result.deduplicated, result.removed) == (1, False, False)


async def test_times_are_cut_to_milliseconds(backend: ApiClient, clock: FakeClock) -> None:
    asked = Timestamp(seconds=clock.now() // 1000 + 60, nanos=123_999_999)
    result = await backend.send(expire_time=asked)
    assert result.expire_time == Timestamp(seconds=asked.seconds, nanos=123_000_000)


async def test_revisions_count_from_1_without_a_gap(backend: ApiClient) -> None:
    assert [(await backend.send()).revision for _ in range(5)] == [1, 2, 3, 4, 5]


async def test_a_device_sends_to_its_own_feed(phone: ApiClient, publisher: ApiClient, user_id: str) -> None:
    result = await phone.send(app_notification_id="note")
    row = await publisher.get(result.id)
    assert (row.sender_role, row.user_id) == (pb.SENDER_ROLE_USER, user_id)


async def test_a_device_is_the_origin_of_what_it_sends(phone: ApiClient) -> None:
    laptop = await Device(phone.client, "laptop").connect()
    await phone.send()
    held = await laptop.at(1)
    await laptop.disconnect()
    assert held.messages[-1].event_batch.events[0].origin_endpoint_id == "phone"


async def test_both_roles_read_what_either_sent(publisher: ApiClient, phone: ApiClient) -> None:
    for sender in (publisher, phone):
        result = await sender.send()
        assert await publisher.get(result.id) == await phone.get(result.id)


async def test_a_key_names_what_the_callers_own_role_sent(publisher: ApiClient, phone: ApiClient) -> None:
    key = {"app_notification_id": "both"}
    of_publisher, of_phone = await publisher.send("P", **key), await phone.send("D", **key)
    assert (await publisher.get(key="both")).id == of_publisher.id
    assert (await phone.get(key="both")).id == of_phone.id
    await phone.delete(of_phone.id)
    assert (await phone.get(key="both")).id == of_publisher.id


@pytest.mark.parametrize("naming", [{"id": "no-such-id"}, {"key": "no-such-key"}], ids=str)
async def test_what_never_was_is_not_found(publisher: ApiClient, naming: dict[str, Any]) -> None:
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        await publisher.get(**naming)


async def test_what_is_deleted_is_not_found(publisher: ApiClient) -> None:
    result = await publisher.send(app_notification_id="key")
    await publisher.delete(result.id)
    for naming in ({"id": result.id}, {"key": "key"}):
        with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
            await publisher.get(**naming)


async def test_what_is_over_lives_until_its_expiry_is_committed(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send(expire_time=time_of(clock.now() + 1000))
    clock.advance(0.999)
    assert (await backend.get(result.id)).expire_time == result.expire_time
    while (feed := await backend.feed()).last_revision == 1:
        assert (await backend.feed()).unread_count <= 1
        clock.advance(1)
    assert (feed.last_revision, feed.unread_count) == (2, 0)
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        await backend.get(result.id)


async def test_a_delete_reaches_every_device_and_the_history(publisher: ApiClient, phone: ApiClient) -> None:
    result = await publisher.send()
    device = await Device(phone.client, "laptop").connect()
    removed = await publisher.delete(result.id)
    held = await device.at(removed.revision)
    await device.disconnect()
    assert (removed.revision, removed.already_removed) == (2, False)
    assert not held.notifications
    assert not (await publisher.history()).notifications
    assert (await publisher.feed()).unread_count == 0


@pytest.mark.parametrize("expected", [{}, {"expected_revision": 1}, {"expected_revision": 99}], ids=str)
@pytest.mark.parametrize("naming", ["id", "key"])
async def test_a_second_delete_changes_nothing(
    publisher: ApiClient, phone: ApiClient, naming: str, expected: dict[str, Any]
) -> None:
    result = await publisher.send(app_notification_id="key")
    name = {"id": result.id} if naming == "id" else {"key": "key"}
    first = await publisher.delete(**name)
    for caller in (publisher, phone):
        again = await caller.delete(**name, **expected)
        assert (again.revision, again.already_removed) == (first.revision, True)
    assert (await publisher.feed()).last_revision == 2


async def test_a_delete_may_be_a_compare_and_set(publisher: ApiClient) -> None:
    result = await publisher.send()
    for wrong in (0, 2):
        with raises_status("ABORTED", "REVISION_MISMATCH") as failure:
            await publisher.delete(result.id, expected_revision=wrong)
        assert failure.metadata == {"revision": "1"}
    assert (await publisher.get(result.id)).payload == titled("Hello")
    assert not (await publisher.delete(result.id, expected_revision=1)).already_removed


async def test_either_role_may_delete_what_the_other_sent(publisher: ApiClient, phone: ApiClient) -> None:
    for sender, other in ((publisher, phone), (phone, publisher)):
        result = await sender.send()
        assert not (await other.delete(result.id)).already_removed
