"""Devices in unison: what happens on one settles on the others, and what was missed is caught up."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.client.conftest import Join
from tests.client.events import next_events
from tests.support.services import Service
from unisono.client import (
    ChangeType,
    Device,
    EndpointDeleted,
    Everything,
    MemoryStorage,
    Platform,
    PlatformFixed,
    Publisher,
    ReadState,
    StartPosition,
    Status,
    Superseded,
    Unauthenticated,
)
from unisono.client._wire.methods import DELETE_ENDPOINT
from unisono.v1.endpoint_service_pb2 import DeleteEndpointRequest


async def test_what_is_sent_arrives_and_rings_on_every_device(
    publisher: Publisher, laptop: Device, phone: Device
) -> None:
    listening = [device.events() for device in (laptop, phone)]
    sent = await publisher.send("ada", title="Hello", raw_content=b"x")
    for events in listening:
        (event,) = await next_events(events, 1)
        assert (event.change_type, event.ring, event.removed) == (ChangeType.CREATED, True, False)
        assert event.notification == await publisher.get("ada", sent)
        assert event.origin_endpoint_id == ""


async def test_a_mark_on_one_settles_on_the_other(
    publisher: Publisher, laptop: Device, phone: Device
) -> None:
    sent = await publisher.send("ada", title="Hello")
    await laptop.wait_for(lambda laptop: laptop.unread_count == 1)
    await phone.wait_for(lambda phone: phone.unread_count == 1)
    events = laptop.events()
    await phone.mark_read(sent)
    (event,) = await next_events(events, 1)
    assert (event.change_type, event.ring) == (ChangeType.STATE_CHANGED, False)
    assert (event.notification.title, event.notification.read_state) == ("Hello", ReadState.READ)
    assert event.origin_endpoint_id == "phone"
    assert laptop.unread_count == 0


async def test_updates_and_removals_arrive(service: Service, publisher: Publisher, laptop: Device) -> None:
    events = laptop.events()
    sent = await publisher.send("ada", title="One")
    assert (await next_events(events, 1))[0].ring
    await publisher.update("ada", sent, title="Two", silent=True)
    (updated,) = await next_events(events, 1)
    assert (updated.change_type, updated.ring) == (ChangeType.UPDATED, False)
    assert updated.notification.title == "Two"
    await publisher.delete("ada", sent)
    (deleted,) = await next_events(events, 1)
    assert (deleted.change_type, deleted.removed) == (ChangeType.DELETED, True)
    assert laptop.notifications == ()

    await publisher.send("ada", title="Short", expire_time=service.now + timedelta(seconds=5))
    await next_events(events, 1)
    await service.advance(timedelta(seconds=6))
    (expired,) = await next_events(events, 1)
    assert (expired.change_type, expired.removed) == (ChangeType.EXPIRED, True)


@pytest.mark.parametrize("at_a_time", [False, True])
async def test_what_comes_back_from_a_snooze_rings_again(
    service: Service, publisher: Publisher, laptop: Device, at_a_time: bool
) -> None:
    """Although the clocks of device and service are years apart: that of the device tells how long."""
    sent = await publisher.send("ada", title="Hello")
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 1)
    span = timedelta(minutes=5)
    await laptop.snooze(sent, datetime.now(UTC) + span if at_a_time else span)
    # Until the store's comes, what it shows is its own idea of when that will be.
    await laptop.wait_for(lambda laptop: laptop.revision == 2)
    (row,) = laptop.notifications
    assert row.snooze_until is not None
    assert service.now < row.snooze_until <= service.now + span
    events = laptop.events()
    await service.advance(timedelta(minutes=6))
    (event,) = await next_events(events, 1)
    assert (event.change_type, event.ring) == (ChangeType.STATE_CHANGED, True)
    assert event.notification.title == "Hello"


async def test_targets_see_and_others_do_not(publisher: Publisher, laptop: Device, phone: Device) -> None:
    await publisher.send("ada", title="Phones", platforms=[Platform.IOS])
    await publisher.send("ada", title="The laptop", endpoint_ids=["laptop"])
    await publisher.send("ada", title="All")
    await laptop.wait_for(lambda laptop: laptop.unread_count == 2)
    await phone.wait_for(lambda phone: phone.unread_count == 2)
    assert [row.title for row in laptop.notifications] == ["All", "The laptop"]
    assert [row.title for row in phone.notifications] == ["All", "Phones"]


async def test_what_is_there_at_the_beginning_does_not_ring(publisher: Publisher, join: Join) -> None:
    await publisher.send("ada", title="One")
    laptop = await join("laptop")
    assert [row.title for row in laptop.notifications] == ["One"]
    events = laptop.events()
    await publisher.send("ada", title="Two")
    assert [event.ring for event in await next_events(events, 1)] == [True]


async def test_a_device_may_start_with_what_comes(publisher: Publisher, join: Join) -> None:
    await publisher.send("ada", title="One")
    laptop = await join("laptop", start=StartPosition.END)
    await publisher.send("ada", title="Two")
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 1)
    assert [row.title for row in laptop.notifications] == ["Two"]
    assert laptop.unread_count == 2


async def test_what_was_missed_comes_as_its_net_change_and_rings_once(
    service: Service, publisher: Publisher
) -> None:
    # Given a laptop that held three notifications when it was closed
    storage = MemoryStorage()

    def opened() -> Device:
        token = service.user_token()
        return Device(
            service.transport, token, endpoint_id="laptop", platform=Platform.LINUX, storage=storage
        )

    async with opened() as laptop:
        kept, changed, gone = [
            await publisher.send("ada", title=title) for title in ("Kept", "Changed", "Gone")
        ]
        await laptop.wait_for(lambda laptop: len(laptop.notifications) == 3)

    # When, meanwhile, much happens
    await publisher.delete("ada", gone)
    await publisher.mark("ada", changed, read_state=ReadState.READ)
    await publisher.send("ada", title="Came")
    came_and_went = await publisher.send("ada", title="Came and went")
    await publisher.delete("ada", came_and_went)
    await publisher.update("ada", kept, title="Kept, again")
    await publisher.update("ada", kept, title="Kept, and again")

    # Then it learns what is different, and rings for the last that it missed
    laptop = opened()
    events = laptop.events()
    async with laptop:
        await laptop.wait_for(lambda laptop: laptop.status is Status.LIVE)
        told = await next_events(events, 4)
        titles = [row.title for row in laptop.notifications]
    assert [(event.notification.title, event.change_type, event.ring) for event in told] == [
        ("Gone", ChangeType.DELETED, False),
        ("Changed", ChangeType.STATE_CHANGED, False),
        ("Came", ChangeType.CREATED, False),
        ("Kept, and again", ChangeType.UPDATED, True),
    ]
    assert titles == ["Came", "Changed", "Kept, and again"]


async def test_what_is_too_old_to_show_does_not_ring(service: Service, publisher: Publisher) -> None:
    storage = MemoryStorage()

    def opened() -> Device:
        token = service.user_token()
        return Device(
            service.transport, token, endpoint_id="laptop", platform=Platform.LINUX, storage=storage
        )

    async with opened() as laptop:
        await laptop.wait_for(lambda laptop: laptop.status is Status.LIVE)
    await publisher.send("ada", title="Hello", display_time_to_live=timedelta(minutes=1))
    await service.advance(timedelta(minutes=1))
    laptop = opened()
    events = laptop.events()
    async with laptop:
        (event,) = await next_events(events, 1)
    assert (event.change_type, event.ring) == (ChangeType.CREATED, False)


async def test_a_position_older_than_what_is_kept_starts_anew(service: Service, publisher: Publisher) -> None:
    # Given a laptop that holds two notifications
    storage = MemoryStorage()

    def opened() -> Device:
        token = service.user_token(lifetime=timedelta(days=365))
        return Device(
            service.transport, token, endpoint_id="laptop", platform=Platform.LINUX, storage=storage
        )

    async with opened() as laptop:
        sent = [await publisher.send("ada", title=title) for title in ("One", "Two")]
        await laptop.wait_for(lambda laptop: len(laptop.notifications) == 2)

    # When one is deleted, and that is forgotten, too
    await publisher.delete("ada", sent[0])
    await publisher.update("ada", sent[1], expire_time=service.now + timedelta(days=30))
    await service.advance(timedelta(days=20))
    await publisher.update("ada", sent[1], expire_time=service.now + timedelta(days=30))
    await service.advance(timedelta(days=11))

    # Then it holds what is there, and does not ring for it
    laptop = opened()
    events = laptop.events()
    async with laptop:
        await laptop.wait_for(lambda laptop: laptop.status is Status.LIVE)
        told = await next_events(events, 2)
        assert [row.title for row in laptop.notifications] == ["Two"]
    assert [(event.notification.title, event.removed, event.ring) for event in told] == [
        ("One", True, False),
        ("Two", False, False),
    ]


async def test_one_mark_of_many_arrives_whole(publisher: Publisher, laptop: Device, phone: Device) -> None:
    for number in range(5):
        await publisher.send("ada", title=str(number))
    await phone.wait_for(lambda phone: phone.unread_count == 5)
    await laptop.wait_for(lambda laptop: laptop.unread_count == 5)
    events = laptop.events()
    await phone.dismiss(Everything())
    told = await next_events(events, 5)
    assert {event.notification.title for event in told} == set("01234")
    assert laptop.unread_count == 0


async def test_a_newer_stream_of_the_same_endpoint_takes_over(join: Join) -> None:
    first = await join("laptop")
    second = await join("laptop")
    with pytest.raises(Superseded):
        await first.wait_for(lambda first: False)
    assert second.status is Status.LIVE


async def test_a_device_that_is_deleted_ends_and_stays_deleted(service: Service, join: Join) -> None:
    laptop = await join("laptop")
    token = service.user_token()
    request = DeleteEndpointRequest(endpoint_id="laptop")
    await service.transport.unary(DELETE_ENDPOINT, request, token=token, timeout=20)
    with pytest.raises(EndpointDeleted):
        await laptop.wait_for(lambda laptop: False)
    with pytest.raises(EndpointDeleted) as raised:
        await join("laptop")
    assert raised.value.code.name == "FAILED_PRECONDITION"


async def test_a_device_keeps_its_platform(service: Service, laptop: Device) -> None:
    other = Device(service.transport, service.user_token(), endpoint_id="laptop", platform=Platform.IOS)
    async with other:
        await other.wait_for(lambda other: other.error is not None)
        assert isinstance(other.error, PlatformFixed)
        assert other.error.metadata == {"platform": "DEVICE_PLATFORM_LINUX"}
        assert laptop.status is Status.LIVE


async def test_it_ends_when_its_only_token_expires(service: Service, join: Join) -> None:
    laptop = await join("laptop", token=service.user_token(lifetime=timedelta(hours=1)))
    await service.advance(timedelta(hours=2))
    with pytest.raises(Unauthenticated) as ended:
        await laptop.wait_for(lambda laptop: False)
    assert ended.value.reason == "TOKEN_EXPIRED"


async def test_with_a_new_token_it_comes_back(service: Service, publisher: Publisher, join: Join) -> None:
    laptop = await join("laptop", token=lambda: service.user_token(lifetime=timedelta(hours=1)))
    await service.advance(timedelta(hours=2))
    await publisher.send("ada", title="Hello")
    await laptop.wait_for(lambda laptop: laptop.unread_count == 1)


async def test_devices_of_others_see_nothing_of_it(
    service: Service, publisher: Publisher, laptop: Device, join: Join
) -> None:
    other = await join("laptop", token=service.user_token("bob"))
    await publisher.send("ada", title="For Ada")
    await publisher.send("bob", title="For Bob")
    await other.wait_for(lambda other: other.unread_count == 1)
    await laptop.wait_for(lambda laptop: laptop.unread_count == 1)
    assert [row.title for row in other.notifications] == ["For Bob"]
    assert [row.title for row in laptop.notifications] == ["For Ada"]
