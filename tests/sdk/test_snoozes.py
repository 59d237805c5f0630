"""A snooze made on a device lasts as long as was said, whatever clocks say and however long it waits."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.sdk.device_script import laptop, live, sent, synced, welcome
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer
from unisono.client import Device, InvalidRequest, UserActionState
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

NOWHERE = "127.0.0.1:1"
HOUR = timedelta(hours=1)


def serve(script: StubServer, server_time: Timestamp | None) -> None:
    """Answer marks; a server of before says nothing of its time."""

    async def subscribe(_: feed_pb.SubscribeRequest) -> AsyncIterator[feed_pb.SubscribeResponse]:
        yield welcome(server_time=server_time)
        yield synced()
        await asyncio.Event().wait()

    async def mark(_: pb.MarkNotificationsRequest) -> pb.MarkNotificationsResponse:
        return pb.MarkNotificationsResponse(changed=1)

    script.stream("Subscribe", subscribe)
    script.answer("MarkNotifications", mark)


def marks(script: StubServer) -> list[pb.MarkNotificationsRequest]:
    return script.requests("MarkNotifications")


async def snoozed_offline(storage: StorageSpy, until: datetime | timedelta) -> None:
    """Let a device without a server snooze, and end its process."""
    async with laptop(NOWHERE, storage=storage) as device:
        assert await device.snooze("a", until) is None


@pytest.mark.parametrize("at_a_time", [False, True])
async def test_what_is_left_of_it_is_sent(script: StubServer, at_a_time: bool) -> None:
    serve(script, Timestamp(seconds=1))  # its clock is decades behind
    async with laptop(script.target) as device:
        await live(device)
        await device.snooze("a", datetime.now(UTC) + HOUR if at_a_time else HOUR)
    (mark,) = marks(script)
    assert mark.user_action_state == notification_pb2.USER_ACTION_STATE_SNOOZED
    assert not mark.HasField("snooze_until")
    assert HOUR - timedelta(seconds=TIMEOUT) < mark.snooze_for.ToTimedelta() <= HOUR


async def test_a_later_process_sends_what_is_left_then(script: StubServer, storage: StorageSpy) -> None:
    await snoozed_offline(storage, HOUR)
    (key,) = (key for key in storage.stored if key.startswith("mark/"))
    saved = pb.MarkNotificationsRequest.FromString(storage.stored[key])
    assert not saved.HasField("snooze_for")
    saved.snooze_until.FromSeconds(int(time.time()) + 600)  # fifty minutes have passed
    storage.stored[key] = saved.SerializeToString()

    serve(script, Timestamp(seconds=1))
    async with laptop(script.target, storage=storage) as device:
        await sent(device)
    (mark,) = marks(script)
    assert timedelta(minutes=10) - timedelta(seconds=TIMEOUT) < mark.snooze_for.ToTimedelta()
    assert mark.snooze_for.ToTimedelta() <= timedelta(minutes=10)


async def test_one_that_passed_meanwhile_ends_a_second_later(script: StubServer, storage: StorageSpy) -> None:
    await snoozed_offline(storage, timedelta(milliseconds=1))
    await asyncio.sleep(0.002)

    serve(script, Timestamp(seconds=1))
    async with laptop(script.target, storage=storage) as device:
        await sent(device)
    (mark,) = marks(script)
    assert mark.snooze_for.ToTimedelta() == timedelta(seconds=1)


async def test_a_server_of_before_gets_the_time(script: StubServer) -> None:
    serve(script, None)
    script.knows(None)
    before = datetime.now(UTC)
    async with laptop(script.target) as device:
        await live(device)
        await device.snooze("a", HOUR)
    (mark,) = marks(script)
    assert not mark.HasField("snooze_for")
    assert script.requests("GetServerInfo") == []
    until = mark.snooze_until.ToDatetime(UTC)
    assert before + HOUR - timedelta(milliseconds=2) <= until
    assert until <= datetime.now(UTC) + HOUR


async def test_one_without_an_end_has_none(script: StubServer) -> None:
    serve(script, Timestamp(seconds=1))
    async with laptop(script.target) as device:
        await live(device)
        await device.mark("a", user_action_state=UserActionState.SNOOZED)
    (mark,) = marks(script)
    assert not mark.HasField("snooze_for")
    assert not mark.HasField("snooze_until")


@pytest.mark.parametrize("until", [timedelta(0), timedelta(seconds=-1), datetime(2020, 1, 1, tzinfo=UTC)])
async def test_the_past_is_refused_before_it_is_saved(
    storage: StorageSpy, until: datetime | timedelta
) -> None:
    async with laptop(NOWHERE, storage=storage) as device:
        with pytest.raises(InvalidRequest, match="must be in the future"):
            await device.snooze("a", until)
        assert (device.pending_marks, storage.marks) == (0, 0)


async def test_both_are_refused(script: StubServer) -> None:
    device: Device
    async with laptop(NOWHERE) as device:
        with pytest.raises(InvalidRequest, match="snooze_for: excludes snooze_until"):
            await device.mark(
                "a",
                user_action_state=UserActionState.SNOOZED,
                snooze_until=datetime.now(UTC) + HOUR,
                snooze_for=HOUR,
            )
