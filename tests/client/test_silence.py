"""What is sent silently arrives and counts like any other, and does not ring."""

from datetime import timedelta

import pytest

from tests.client.events import next_events
from tests.support.services import Service
from unisono.client import Device, KeyConflict, MemoryStorage, Platform, Publisher, Status


async def test_what_is_sent_silently_comes_without_a_ring_until_it_has_new_content(
    publisher: Publisher, laptop: Device
) -> None:
    events = laptop.events()
    sent = await publisher.send("ada", title="Digest", silent=True)
    assert [event.ring for event in await next_events(events, 1)] == [False]
    assert laptop.unread_count == 1
    await publisher.update("ada", sent, title="Two")
    assert [event.ring for event in await next_events(events, 1)] == [True]


async def test_a_silent_replacement_that_was_missed_does_not_ring_for_what_it_replaced(
    service: Service, publisher: Publisher
) -> None:
    storage = MemoryStorage()

    def opened() -> Device:
        token = service.user_token()
        return Device(service.transport, token, endpoint_id="watch", platform=Platform.IOS, storage=storage)

    async with opened() as watch:
        await watch.wait_for(lambda watch: watch.status is Status.LIVE)
    await publisher.send("ada", title="One", app_notification_id="a")
    await publisher.send("ada", title="Two", app_notification_id="a", replace=True, silent=True)

    watch = opened()
    events = watch.events()
    async with watch:
        told = await next_events(events, 1)
    assert [(event.notification.title, event.ring) for event in told] == [("Two", False)]


async def test_a_silent_one_counts_as_unread_and_has_no_alert(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="Digest", silent=True)
    row = await publisher.get("ada", sent)
    assert (row.alert_revision, row.alert_time) == (0, row.create_time)
    assert (await publisher.get_feed("ada")).unread_count == 1


async def test_a_silent_replacement_takes_back_the_alert_of_what_it_replaces(
    service: Service, publisher: Publisher
) -> None:
    first = await publisher.send("ada", title="One", app_notification_id="a")
    await service.advance(timedelta(seconds=5))
    await publisher.send("ada", title="Two", app_notification_id="a", replace=True, silent=True)
    row = await publisher.get("ada", first.id)
    assert (row.title, row.revision, row.alert_revision, row.alert_time) == ("Two", 2, 0, service.now)


async def test_new_content_of_a_silent_one_rings(service: Service, publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", silent=True)
    await service.advance(timedelta(seconds=5))
    row = await publisher.update("ada", sent, title="Two")
    assert (row.alert_revision, row.alert_time) == (2, service.now)


async def test_silent_and_loud_are_other_content(publisher: Publisher) -> None:
    await publisher.send("ada", title="One", app_notification_id="a", silent=True)
    assert (await publisher.send("ada", title="One", app_notification_id="a", silent=True)).deduplicated
    with pytest.raises(KeyConflict):
        await publisher.send("ada", title="One", app_notification_id="a")
