"""In a full feed, what was read or dismissed gives way to what is new; what waits never does."""

from datetime import timedelta

import pytest

from tests.client.conftest import Serve
from tests.client.events import next_events
from tests.support.services import Service
from unisono.client import (
    ChangeType,
    Device,
    NotFound,
    Platform,
    Publisher,
    QuotaExceeded,
    ReadState,
    SendResult,
    State,
    UserActionState,
    draft,
)

READ: State = {"read_state": ReadState.READ}
DISMISSED: State = {"user_action_state": UserActionState.DISMISSED}
SNOOZED: State = {**READ, "user_action_state": UserActionState.SNOOZED}


async def filled(publisher: Publisher, *states: State | None) -> list[SendResult]:
    """Send one for each state, give it that, and return what was sent."""
    sent = [await publisher.send("ada", title=str(number)) for number in range(len(states))]
    for one, state in zip(sent, states, strict=True):
        if state is not None:
            await publisher.mark("ada", one, **state)
    return sent


async def titles(publisher: Publisher) -> list[str]:
    return [row.title async for row in publisher.list("ada")]


@pytest.fixture
async def service(serve: Serve) -> Service:
    """With feeds of three."""
    return await serve(live_notifications_per_feed=3)


@pytest.mark.parametrize("state", [READ, DISMISSED, {**READ, **DISMISSED}], ids=str)
async def test_the_oldest_that_is_settled_gives_way(publisher: Publisher, state: State) -> None:
    _, second, _ = await filled(publisher, None, state, state)
    result = await publisher.send("ada", title="New")
    assert (result.displaced_ids, result.deduplicated) == ((second.id,), False)
    assert await titles(publisher) == ["New", "2", "0"]
    feed = await publisher.get_feed("ada")
    assert (feed.last_revision, feed.unread_count) == (result.revision, 2)


async def test_devices_are_told_before_what_is_new(publisher: Publisher, laptop: Device) -> None:
    first, *_ = await filled(publisher, READ, None, None)
    await laptop.wait_for(lambda laptop: laptop.revision == 4)
    events = laptop.events()
    result = await publisher.send("ada", title="New")
    gone, come = await next_events(events, 2)
    assert (gone.notification.id, gone.change_type, gone.removed) == (first.id, ChangeType.DISPLACED, True)
    assert (gone.origin_endpoint_id, gone.ring) == ("", False)
    assert (come.notification.id, come.revision) == (result.id, gone.revision + 1)
    assert [row.title for row in laptop.notifications] == ["New", "2", "1"]


async def test_what_gave_way_is_gone_as_if_it_was_deleted(publisher: Publisher) -> None:
    first, *_ = await filled(publisher, READ, None, None)
    await publisher.send("ada", title="New")
    with pytest.raises(NotFound):
        await publisher.get("ada", first)
    assert (await publisher.delete("ada", first)).already_removed
    again = await publisher.send("ada", title="0", app_notification_id=first.app_notification_id)
    assert (again.id, again.removed, again.displaced_ids) == (first.id, True, ())


@pytest.mark.parametrize("state", [None, SNOOZED, {**READ, "user_action_state": UserActionState.SNOOZED}])
async def test_what_waits_does_not_give_way(publisher: Publisher, state: State | None) -> None:
    await filled(publisher, state, state, state)
    before = await publisher.get_feed("ada")
    with pytest.raises(QuotaExceeded) as raised:
        await publisher.send("ada", title="New")
    assert raised.value.reason == "LIVE_NOTIFICATIONS_EXCEEDED"
    assert await publisher.get_feed("ada") == before


async def test_what_was_activated_and_not_read_waits(publisher: Publisher) -> None:
    activated: State = {"user_action_state": UserActionState.ACTIVATED}
    await filled(publisher, activated, activated, activated)
    with pytest.raises(QuotaExceeded):
        await publisher.send("ada", title="New")


async def test_what_is_unread_again_waits_again(publisher: Publisher) -> None:
    first, second, _ = await filled(publisher, READ, READ, None)
    await publisher.mark("ada", first, read_state=ReadState.UNREAD)
    assert (await publisher.send("ada", title="New")).displaced_ids == (second.id,)


async def test_a_retry_displaces_nothing(publisher: Publisher) -> None:
    await filled(publisher, READ, READ)
    sent = await publisher.send("ada", title="New", app_notification_id="key")
    again = await publisher.send("ada", title="New", app_notification_id="key")
    assert (again.deduplicated, again.displaced_ids) == (True, ())
    assert again.revision == sent.revision


async def test_a_replacement_displaces_nothing(publisher: Publisher) -> None:
    await filled(publisher, READ, READ)
    await publisher.send("ada", title="One", app_notification_id="key")
    in_place = await publisher.send("ada", title="Two", app_notification_id="key", replace=True)
    anew = await publisher.send(
        "ada", title="Two", app_notification_id="key", replace=True, platforms=[Platform.IOS]
    )
    assert (in_place.displaced_ids, anew.displaced_ids) == ((), ())
    assert await titles(publisher) == ["Two", "1", "0"]


async def test_each_of_a_batch_makes_its_room(publisher: Publisher) -> None:
    sent = await filled(publisher, READ, None, READ)
    outcomes = await publisher.batch([draft("ada", title=title) for title in ("A", "B", "C")])
    first, second, third = outcomes
    assert isinstance(first, SendResult)
    assert isinstance(second, SendResult)
    assert (first.displaced_ids, second.displaced_ids) == ((sent[0].id,), (sent[2].id,))
    assert isinstance(third, QuotaExceeded)
    assert await titles(publisher) == ["B", "A", "1"]


async def test_as_many_give_way_as_their_bytes_take(serve: Serve) -> None:
    service = await serve(feed_bytes=1000)
    async with Publisher(service.transport, service.app_token()) as publisher:
        sent = [await publisher.send("ada", raw_content=b"x" * size) for size in (297, 197, 197, 197)]
        await publisher.mark("ada", sent[:3], read_state=ReadState.READ)
        result = await publisher.send("ada", raw_content=b"x" * 450)
        assert result.displaced_ids == (sent[0].id, sent[1].id)
        with pytest.raises(QuotaExceeded) as raised:
            await publisher.send("ada", raw_content=b"x" * 450)
        assert raised.value.reason == "FEED_BYTES_EXCEEDED"
        assert len(await titles(publisher)) == 3


async def test_at_most_sixty_four_give_way_to_one(serve: Serve) -> None:
    service = await serve(feed_bytes=1000)
    async with Publisher(service.transport, service.app_token()) as publisher:
        small = [await publisher.send("ada", raw_content=b"x") for _ in range(100)]
        await publisher.mark("ada", small, read_state=ReadState.READ)
        await publisher.send("ada", raw_content=b"x" * 690)
        with pytest.raises(QuotaExceeded):
            await publisher.send("ada", raw_content=b"x" * 250)
        result = await publisher.send("ada", raw_content=b"x" * 180)
        assert result.displaced_ids == tuple(one.id for one in small[: len(result.displaced_ids)])
        assert len(result.displaced_ids) <= 64


async def test_a_server_may_be_told_to_refuse_instead(serve: Serve) -> None:
    service = await serve(live_notifications_per_feed=3, full_feed="refuse")
    async with Publisher(service.transport, service.app_token()) as publisher:
        await filled(publisher, READ, READ, READ)
        with pytest.raises(QuotaExceeded):
            await publisher.send("ada", title="New")
        assert await titles(publisher) == ["2", "1", "0"]


async def test_what_has_expired_goes_by_itself(service: Service, publisher: Publisher) -> None:
    soon = service.now + timedelta(seconds=10)
    await publisher.send("ada", title="Short", expire_time=soon)
    await filled(publisher, READ, None)
    await service.advance(timedelta(seconds=11))
    assert (await publisher.send("ada", title="New")).displaced_ids == ()
    assert await titles(publisher) == ["New", "1", "0"]
