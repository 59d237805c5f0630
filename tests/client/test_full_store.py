"""A service whose disk is full: devices go live, changes are refused or wait, and nothing is lost."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from tests.client.conftest import Join
from tests.support.services import Service
from unisono.client import (
    Device,
    Platform,
    Publisher,
    ReadState,
    Status,
    Superseded,
    Unavailable,
    UnisonoError,
    draft,
)


async def test_a_device_goes_live_and_gets_what_is_stored(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await (await join("laptop")).close()
    sent = await publisher.send("ada", title="Before")

    with service.full():
        laptop = await join("laptop")
        await laptop.wait_for(lambda device: bool(device.notifications))

        assert [row.id for row in laptop.notifications] == [sent.id]


async def test_the_newest_stream_is_that_of_its_device(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await (await join("laptop")).close()
    with service.full():
        older = await join("laptop")
        newer = await join("laptop")

        with pytest.raises(Superseded):
            await older.wait_for(lambda _: False)

        (endpoint,) = await publisher.list_endpoints("ada")
        assert endpoint.connected
    await publisher.send("ada", title="Afterwards")
    await newer.wait_for(lambda device: bool(device.notifications))
    assert newer.status is Status.LIVE


async def test_a_new_device_is_refused_and_comes_back_when_there_is_room(
    service: Service, publisher: Publisher
) -> None:
    token = service.user_token()
    async with AsyncExitStack() as until_the_end:
        with service.full():
            device = Device(service.transport, token, endpoint_id="watch", platform=Platform.ANDROID)
            await until_the_end.enter_async_context(device)
            await device.wait_for(lambda device: device.error is not None)
            assert isinstance(device.error, Unavailable)
            assert (device.error.reason, device.error.retry_delay) == ("STORE_FULL", 1.0)
            assert device.status is Status.OFFLINE
            assert await publisher.list_endpoints("ada") == ()

        await device.wait_for(lambda device: device.status is Status.LIVE)


async def test_a_mark_waits_until_there_is_room(
    service: Service, publisher: Publisher, laptop: Device
) -> None:
    sent = await publisher.send("ada", title="Read me")
    await laptop.wait_for(lambda device: bool(device.notifications))

    with service.full():
        marking = asyncio.create_task(laptop.mark(sent, read_state=ReadState.READ))
        await laptop.wait_for(lambda device: device.pending_marks == 1)
        assert (await publisher.get_feed("ada")).unread_count == 1

    await marking
    assert (await publisher.get_feed("ada")).unread_count == 0


async def test_a_send_is_refused_when_its_time_is_up(service: Service, publisher: Publisher) -> None:
    with service.full():
        with pytest.raises(Unavailable) as raised:
            await publisher.send("ada", title="Too long", timeout=0.5)
        outcomes = await publisher.batch([draft("ada", title="One"), draft("bob", title="Two")], timeout=0.5)

    assert raised.value.reason == "STORE_FULL"
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, UnisonoError)] == ["STORE_FULL"] * 2
    assert (await publisher.get_feed("ada")).last_revision == 0


async def test_a_repeated_send_finds_what_is_stored(service: Service, publisher: Publisher) -> None:
    first = await publisher.send("ada", app_notification_id="once", title="Stored")

    with service.full():
        again = await publisher.send("ada", app_notification_id="once", title="Stored")

    assert (again.id, again.deduplicated) == (first.id, True)


async def test_what_expires_meanwhile_goes_when_there_is_room(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="Soon", expire_time=service.now + timedelta(seconds=5))
    with service.full():
        await service.advance(timedelta(seconds=10))
        assert (await publisher.get_feed("ada")).unread_count == 1

    await service.advance(timedelta(seconds=1))

    assert (await publisher.get_feed("ada")).unread_count == 0


async def test_nobody_is_deleted_or_barred_until_there_is_room(
    service: Service, publisher: Publisher
) -> None:
    await publisher.send("ada", title="Still there")
    async with Publisher(service.transport, service.app_token(may_delete_feeds=True)) as eraser:
        with service.full():
            assert not await eraser.delete_user("nobody")
            for user, bar in (("ada", None), ("ada", timedelta(hours=1)), ("nobody", timedelta(hours=1))):
                with pytest.raises(Unavailable) as raised:
                    await eraser.delete_user(user, bar_for=bar, timeout=0.3)
                assert raised.value.reason == "STORE_FULL"
            assert (await publisher.get_feed("ada")).unread_count == 1
        await publisher.send("nobody", title="Not barred")
        assert await eraser.delete_user("ada")
