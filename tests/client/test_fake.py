"""What the service in memory gives a test besides the service: time, tokens, and faults on demand."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.processes import TIMEOUT
from unisono.client import (
    Backoff,
    BlockingPublisher,
    Device,
    EndpointDeleted,
    NotFound,
    Platform,
    Publisher,
    QuotaExceeded,
    Status,
    Superseded,
    Timing,
    Unauthenticated,
    Unavailable,
)
from unisono.client.testing import FakeService, Limits

QUICK = Backoff(initial=0.001, maximum=0.01)
HASTY = Timing(backoff=QUICK)
#: Gives up a stream that is silent for a thousandth of the 30 s between two heartbeats.
IMPATIENT = Timing(backoff=QUICK, missed_heartbeats=0.001)


@pytest.fixture
def service() -> FakeService:
    return FakeService(now=datetime(2030, 1, 31, tzinfo=UTC))


@pytest.fixture
async def publisher(service: FakeService) -> AsyncIterator[Publisher]:
    async with Publisher(service.transport, service.app_token(), backoff=QUICK) as publisher:
        yield publisher


@pytest.fixture
async def laptop(service: FakeService) -> AsyncIterator[Device]:
    token = service.user_token("ada")
    async with Device(
        service.transport, token, endpoint_id="laptop", platform=Platform.LINUX, timing=HASTY
    ) as laptop:
        await live(laptop)
        yield laptop


async def live(device: Device) -> None:
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: device.status is Status.LIVE)


async def away(device: Device) -> Exception | None:
    """Wait until it is offline; the reason."""
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: device.status is Status.OFFLINE)
    return device.error


async def count(device: Device, notifications: int) -> None:
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: len(device.notifications) == notifications)


async def test_a_call_fails_as_often_as_planned_and_changes_nothing(
    service: FakeService, publisher: Publisher
) -> None:
    service.fail(NotFound("the next one"))
    service.fail(QuotaExceeded("and two more"), times=2)

    for kind in (NotFound, QuotaExceeded, QuotaExceeded):
        with pytest.raises(kind):
            await publisher.send("ada", title="Refused")
    assert service.notifications("ada") == ()
    await publisher.send("ada", title="Taken")
    assert [row.title for row in service.notifications("ada")] == ["Taken"]


async def test_only_the_named_method_fails(service: FakeService, publisher: Publisher) -> None:
    service.fail(NotFound("no such"), method="DeleteNotification")

    sent = await publisher.send("ada", title="Hello")
    with pytest.raises(NotFound, match="no such"):
        await publisher.delete("ada", sent)
    assert not (await publisher.delete("ada", sent)).already_removed


async def test_an_answer_that_was_lost_is_asked_for_again_and_nothing_is_done_twice(
    service: FakeService, publisher: Publisher
) -> None:
    service.fail(Unavailable("the answer was lost"), method="SendNotification", applied=True)

    result = await publisher.send("ada", title="Hello")

    assert result.deduplicated
    assert [row.id for row in service.notifications("ada")] == [result.id]


async def test_a_device_comes_back_after_a_cut(
    service: FakeService, publisher: Publisher, laptop: Device
) -> None:
    service.disconnect()
    assert isinstance(await away(laptop), Unavailable)

    await publisher.send("ada", title="Meanwhile")

    await count(laptop, 1)
    await live(laptop)


async def test_offline_every_call_fails_and_streams_end(
    service: FakeService, publisher: Publisher, laptop: Device
) -> None:
    with service.offline():
        await away(laptop)
        with pytest.raises(Unavailable):
            await publisher.send("ada", title="Hello", timeout=0.3)
        assert await laptop.mark_read("nobody") is None

    await publisher.send("ada", title="Hello")
    await count(laptop, 1)


async def test_a_stream_that_falls_silent_is_given_up(service: FakeService, publisher: Publisher) -> None:
    token = service.user_token("ada")
    async with Device(
        service.transport, token, endpoint_id="phone", platform=Platform.IOS, timing=IMPATIENT
    ) as phone:
        await live(phone)
        service.stall()
        await publisher.send("ada", title="Not told")

        # The device's time-out, and with it a stream that is not stalled.
        await count(phone, 1)


@pytest.mark.parametrize("reason", ["DRAINING", "SESSION_AGE", "RESYNC"])
async def test_after_some_goodbyes_a_device_comes_back(
    service: FakeService, laptop: Device, reason: str
) -> None:
    service.say_goodbye(reason)  # type: ignore[arg-type]  # one of the reasons
    trouble = await away(laptop)
    assert isinstance(trouble, Unavailable)
    assert trouble.reason == reason
    await live(laptop)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("TOKEN_EXPIRED", Unauthenticated),
        ("SUPERSEDED", Superseded),
        ("ENDPOINT_DELETED", EndpointDeleted),
    ],
)
async def test_after_others_it_does_not(
    service: FakeService, laptop: Device, reason: str, error: type[Exception]
) -> None:
    service.say_goodbye(reason)  # type: ignore[arg-type]  # one of the reasons
    with pytest.raises(error):
        async with asyncio.timeout(TIMEOUT):
            await laptop.wait_for(lambda _: False)
    assert laptop.status is Status.CLOSED


async def test_positions_that_are_forgotten_mean_a_new_start(
    service: FakeService, publisher: Publisher, laptop: Device
) -> None:
    events = laptop.events()
    await publisher.send("ada", title="Hello")
    await count(laptop, 1)

    service.invalidate_positions()
    await away(laptop)
    await live(laptop)
    assert len(laptop.notifications) == 1

    await publisher.send("ada", title="Next")
    async with asyncio.timeout(TIMEOUT):
        told = [
            (event.notification.title, event.ring) for event in (await anext(events), await anext(events))
        ]
    assert told == [("Hello", True), ("Next", True)]


async def test_a_token_can_be_ended_before_its_time(service: FakeService, laptop: Device) -> None:
    for number, (end, reason) in enumerate(
        ((service.expire, "TOKEN_EXPIRED"), (service.revoke, "TOKEN_INVALID"))
    ):
        token = service.user_token("ada")
        async with Device(
            service.transport, token, endpoint_id=f"phone-{number}", platform=Platform.IOS, timing=HASTY
        ) as phone:
            await live(phone)
            end(token)
            with pytest.raises(Unauthenticated):
                async with asyncio.timeout(TIMEOUT):
                    await phone.wait_for(lambda _: False)
        async with Publisher(service.transport, token) as late:
            with pytest.raises(Unauthenticated) as raised:
                await late.get_feed("ada")
        assert raised.value.reason == reason
    assert laptop.status is Status.LIVE


async def test_a_token_is_never_given_out_twice(service: FakeService) -> None:
    tokens = [service.user_token("ada") for _ in range(3)]
    service.revoke(tokens[0])
    service.revoke(tokens[2])

    assert service.user_token("ada") not in tokens


async def test_offline_within_offline_stays_offline(service: FakeService, publisher: Publisher) -> None:
    with service.offline():
        with service.offline():
            pass
        with pytest.raises(Unavailable):
            await publisher.get_feed("ada", timeout=0.01)
    await publisher.get_feed("ada")


def test_what_cannot_be_meant_is_refused(service: FakeService) -> None:
    with pytest.raises(ValueError, match="times must be at least 1, is 0"):
        service.fail(Unavailable("gone"), times=0)
    with pytest.raises(ValueError, match="span must not be negative"):
        service.advance(timedelta(seconds=-1))


async def test_time_passes_only_when_told(service: FakeService, publisher: Publisher) -> None:
    start = service.now
    await publisher.send("ada", title="Short", expire_time=start + timedelta(minutes=1))

    service.advance(timedelta(seconds=59))
    assert len(service.notifications("ada")) == 1
    service.advance(timedelta(seconds=1))
    assert service.notifications("ada") == ()
    assert service.now == start + timedelta(minutes=1)


async def test_apps_and_users_are_apart(service: FakeService, publisher: Publisher) -> None:
    await publisher.send("ada", title="Hello")

    assert service.notifications("bob") == ()
    assert service.notifications("ada", app_id="another") == ()
    async with Publisher(service.transport, service.app_token(app_id="another")) as other:
        assert [row async for row in other.list("ada")] == []


async def test_limits_may_be_smaller(service: FakeService) -> None:
    small = FakeService(limits=Limits(live_notifications_per_feed=1))
    async with Publisher(small.transport, small.app_token()) as publisher:
        await publisher.send("ada", title="One")
        with pytest.raises(QuotaExceeded):
            await publisher.send("ada", title="Two")


def test_code_without_an_event_loop_uses_it_too(service: FakeService) -> None:
    with BlockingPublisher(service.transport, service.app_token()) as publisher:
        publisher.send("ada", title="Hello")
    assert [row.title for row in service.notifications("ada")] == ["Hello"]
