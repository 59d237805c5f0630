"""Deleting a user: nothing is there any more for anybody, another feed begins, and a bar keeps that away."""

import asyncio
from datetime import timedelta

import pytest

from tests.client.conftest import Join, Serve
from tests.client.streams import caught_up, raised, stream
from tests.support.processes import TIMEOUT
from tests.support.services import OTHER_APP, Service
from unisono.client import (
    ChangeType,
    Device,
    FeedBarred,
    FeedDeleted,
    InvalidRequest,
    MemoryStorage,
    PermissionDenied,
    Publisher,
    QuotaExceeded,
    Status,
)
from unisono.client._wire.methods import ACKNOWLEDGE, DELETE_FEED, REGISTER_ENDPOINT
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def eraser(service: Service) -> Publisher:
    return Publisher(service.transport, service.app_token(may_delete_feeds=True))


async def titles(publisher: Publisher, user_id: str = "ada") -> list[str]:
    return [row.title async for row in publisher.list(user_id)]


async def until_gone(device: Device) -> None:
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: device.feed_deleted and device.status is Status.LIVE)


async def test_everything_of_the_user_is_gone_and_nothing_else(
    service: Service, publisher: Publisher, eraser: Publisher, join: Join
) -> None:
    async with Publisher(service.transport, service.app_token(OTHER_APP)) as elsewhere:
        for user in ("ada", "bob"):
            await publisher.send(user, title=f"for {user}", app_notification_id="key")
        await elsewhere.send("ada", title="elsewhere")
        await (await join("laptop")).close()

        assert await eraser.delete_user("ada")

        feed = await publisher.get_feed("ada")
        assert (feed.last_revision, feed.unread_count) == (0, 0)
        assert await titles(publisher) == []
        assert await publisher.list_endpoints("ada") == ()
        assert [await titles(publisher, "bob"), await titles(elsewhere)] == [["for bob"], ["elsewhere"]]


async def test_repeating_it_and_deleting_who_never_was_is_fine(
    publisher: Publisher, eraser: Publisher
) -> None:
    await publisher.send("ada", title="x")
    assert [await eraser.delete_user("ada") for _ in range(2)] == [True, False]
    assert not await eraser.delete_user("nobody")


async def test_a_user_with_nothing_but_a_device_was_somebody(
    eraser: Publisher, laptop: Device, publisher: Publisher
) -> None:
    await laptop.close()
    assert await eraser.delete_user("ada")
    assert await publisher.list_endpoints("ada") == ()


async def test_devices_let_go_of_everything_and_begin_anew(
    publisher: Publisher, eraser: Publisher, laptop: Device, phone: Device
) -> None:
    sent = await publisher.send("ada", title="before")
    await laptop.wait_for(lambda device: device.revision == 1)
    events = laptop.events()

    await eraser.delete_user("ada")

    gone = await anext(events)
    assert (gone.notification.id, gone.change_type) == (sent.id, ChangeType.UNSPECIFIED)
    for device in (laptop, phone):
        await until_gone(device)
        assert (device.notifications, device.revision, device.unread_count) == ((), 0, 0)
    assert (await publisher.send("ada", title="after")).revision == 1
    for device in (laptop, phone):
        await device.wait_for(lambda device: device.revision == 1)
        assert [row.title for row in device.notifications] == ["after"]
    assert {endpoint.endpoint_id for endpoint in await publisher.list_endpoints("ada")} == {"laptop", "phone"}


async def test_a_stream_ends_with_a_word_and_the_next_names_another_feed(
    service: Service, publisher: Publisher, eraser: Publisher
) -> None:
    await publisher.send("ada", title="x")
    async with stream(service) as opened:
        welcome = (await opened.next("welcome")).welcome
        await opened.next("event_batch")
        token = (await opened.next("synced")).resume_token
        await eraser.delete_user("ada")
        goodbye = (await opened.next("goodbye")).goodbye
        error = await opened.ended()

    assert goodbye.reason == pb.GOODBYE_REASON_FEED_DELETED
    assert goodbye.HasField("retry_delay")
    assert isinstance(error, FeedDeleted)
    assert (error.code.name, error.reason) == ("UNAVAILABLE", "FEED_DELETED")
    again, *_ = await caught_up(service, resume_token=token)
    same, *_ = await caught_up(service, resume_token=again.resume_token)
    assert (again.welcome.resumed, same.welcome.resumed) == (False, True)
    assert 0 < len(welcome.feed_epoch) <= 64
    assert welcome.feed_epoch != again.welcome.feed_epoch == same.welcome.feed_epoch


async def test_a_position_of_before_acknowledges_nothing(
    service: Service, publisher: Publisher, eraser: Publisher
) -> None:
    await publisher.send("ada", title="x")
    *_, synced = await caught_up(service)
    await eraser.delete_user("ada")
    await caught_up(service)

    request = pb.AcknowledgeRequest(endpoint_id="laptop", resume_token=synced.resume_token)
    answer = await service.transport.unary(ACKNOWLEDGE, request, token=service.user_token(), timeout=20)

    assert answer.acknowledged_revision == 0


async def test_a_device_that_was_away_discards_what_it_saved(
    publisher: Publisher, eraser: Publisher, join: Join
) -> None:
    """And nothing rings for it, though another feed has as many changes."""
    storage = MemoryStorage()
    away = await join("laptop", storage=storage)
    await publisher.send("ada", title="before")
    await away.wait_for(lambda device: device.revision == 1)
    await away.close()
    await eraser.delete_user("ada")
    await publisher.send("ada", title="after")

    back = await join("laptop", storage=storage)

    assert back.feed_deleted
    assert [row.title for row in back.notifications] == ["after"]
    assert sum(key.startswith("notification/") for key in await storage.load()) == 1


async def test_for_a_while_everything_is_refused(
    service: Service, publisher: Publisher, eraser: Publisher
) -> None:
    await publisher.send("ada", title="x")
    await eraser.delete_user("ada", bar_for=MINUTE)

    async with Publisher(service.transport, service.app_token(OTHER_APP)) as elsewhere:
        await elsewhere.send("ada", title="nothing to do with it")
    until = (service.now + MINUTE).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for call in (
        publisher.send("ada", title="again"),
        publisher.get_feed("ada"),
        publisher.list_endpoints("ada"),
        publisher.delete("ada", "x"),
        titles(publisher),
    ):
        with pytest.raises(FeedBarred) as refused:
            await call
        assert (refused.value.reason, refused.value.code.name) == ("FEED_BARRED", "FAILED_PRECONDITION")
        assert refused.value.metadata == {"barred_until": until}
    assert isinstance(await raised(service), FeedBarred)
    register = endpoint_pb.RegisterEndpointRequest(
        endpoint_id="laptop", platform=notification_pb2.DEVICE_PLATFORM_LINUX
    )
    with pytest.raises(FeedBarred):
        await service.transport.unary(REGISTER_ENDPOINT, register, token=service.user_token(), timeout=20)
    await publisher.send("bob", title="not barred")

    await service.advance(MINUTE)
    assert (await publisher.send("ada", title="anew")).revision == 1


async def test_of_a_batch_only_that_is_refused(publisher: Publisher, eraser: Publisher) -> None:
    await eraser.delete_user("ada", bar_for=MINUTE)
    ada, bob = await asyncio.gather(
        publisher.send("ada", title="x"), publisher.send("bob", title="y"), return_exceptions=True
    )
    assert isinstance(ada, FeedBarred)
    assert not isinstance(bob, BaseException)


async def test_a_device_of_a_barred_user_ends_with_nothing(
    publisher: Publisher, eraser: Publisher, laptop: Device
) -> None:
    await publisher.send("ada", title="x")
    await laptop.wait_for(lambda device: device.revision == 1)

    await eraser.delete_user("ada", bar_for=MINUTE)

    async with asyncio.timeout(TIMEOUT):
        await laptop.wait_for(lambda device: device.status is Status.CLOSED)
    assert isinstance(laptop.error, FeedBarred)
    assert laptop.feed_deleted
    assert laptop.notifications == ()


async def test_the_later_end_of_a_bar_counts(
    service: Service, publisher: Publisher, eraser: Publisher
) -> None:
    """Also for who never was; and a deletion without one does not end it."""
    for bar in (2 * MINUTE, MINUTE, None):
        await eraser.delete_user("ada", bar_for=bar)
    await service.advance(MINUTE)
    with pytest.raises(FeedBarred):
        await publisher.send("ada", title="x")
    await eraser.delete_user("ada", bar_for=2 * MINUTE)
    await service.advance(MINUTE)
    with pytest.raises(FeedBarred):
        await publisher.send("ada", title="x")
    await service.advance(MINUTE)
    await publisher.send("ada", title="x")


async def test_it_needs_a_scope_and_no_device_has_it(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="x")
    with pytest.raises(PermissionDenied) as refused:
        await publisher.delete_user("ada")
    assert refused.value.metadata["scope"] == "feeds.delete"
    for request in (pb.DeleteFeedRequest(), pb.DeleteFeedRequest(user_id="ada")):
        with pytest.raises(PermissionDenied):
            await service.transport.unary(DELETE_FEED, request, token=service.user_token(), timeout=20)
    assert await titles(publisher) == ["x"]


async def test_no_more_users_are_barred_than_allowed(serve: Serve) -> None:
    """Whoever is refused is not deleted either."""
    service = await serve(barred_users_per_app=1)
    async with Publisher(service.transport, service.app_token(may_delete_feeds=True)) as eraser:
        await eraser.send("bob", title="x")
        await eraser.delete_user("ada", bar_for=MINUTE)
        await eraser.delete_user("ada", bar_for=2 * MINUTE)
        with pytest.raises(QuotaExceeded) as refused:
            await eraser.delete_user("bob", bar_for=MINUTE)
        assert (refused.value.reason, refused.value.metadata) == ("BARS_EXCEEDED", {"limit": "1"})
        assert await titles(eraser, "bob") == ["x"]
        assert await eraser.delete_user("bob")
        await service.advance(2 * MINUTE)
        await eraser.delete_user("bob", bar_for=MINUTE)


@pytest.mark.parametrize("bar", [-MINUTE, timedelta(days=30, milliseconds=1)])
async def test_a_bar_has_its_limits(eraser: Publisher, bar: timedelta) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await eraser.delete_user("ada", bar_for=bar)
    assert list(refused.value.violations) == ["bar_for"]
