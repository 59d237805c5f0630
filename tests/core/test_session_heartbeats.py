"""A stream that has nothing to say shows that it lives, and asks the store whether that is so."""

import asyncio
from math import floor
from random import Random

import pytest

from tests.support.buses import NullBus
from tests.support.clocks import FakeClock
from tests.support.core_harness import CoreHarness, Stream, running
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.clock import SingleWaiterEvent
from unisono.server.core.feeds import SessionRules
from unisono.server.model import Platform, TargetPolicy

FOR_PHONES = TargetPolicy.of((Platform.IOS,), ())


async def test_streams_beat_within_their_interval_and_not_together() -> None:
    async with running(CoreHarness()) as harness:
        streams = [await Stream(harness, f"device-{n}").synced(heartbeat=100) for n in range(40)]
        beats = dict.fromkeys(streams, 0)

        for second in range(1, 101):
            for stream in streams:
                assert not (await stream.next_or_none() if beats[stream] else None)
            harness.clock.advance(1)
            for stream in streams:
                told = None if beats[stream] else await stream.next_or_none()
                if told is not None:
                    assert told.HasField("heartbeat")
                    beats[stream] = second

        assert 85 <= min(beats.values()) <= max(beats.values()) <= 100
        assert len(set(beats.values())) > 5


class EarlyClock(FakeClock):
    """A clock that runs by itself, whose waits end up to a millisecond too early, as on uvloop."""

    async def wait(self, event: SingleWaiterEvent, seconds: float) -> bool:
        await asyncio.sleep(0)
        self.advance(max(floor(seconds * 1000), 1) / 1000)
        return event.is_set()


async def test_a_timer_that_rings_early_has_nothing_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of idle devices would each read the store at each heartbeat."""
    async with running(CoreHarness(clock=EarlyClock())) as harness:
        stream = await Stream(harness).synced()
        monkeypatch.setattr(harness.store, "changes", None)

        told = [await stream.next() for _ in range(10)]

        assert all(message.HasField("heartbeat") for message in told)
        await stream.cut()


@pytest.mark.parametrize(("asked", "kept"), [(None, 30), (1, 5), (5, 5), (77, 77), (300, 300), (3600, 300)])
async def test_the_interval_is_clamped(asked: float | None, kept: int) -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).open(heartbeat=asked)

        welcome = (await stream.next()).welcome

        assert welcome.heartbeat_interval.seconds == kept


@pytest.mark.parametrize(("asked", "kept"), [(None, 30), (1, 5), (45, 45), (46, 45), (3600, 45)])
async def test_no_stream_of_the_web_is_silent_for_as_long_as_proxies_take(
    asked: float | None, kept: int
) -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced(heartbeat=asked, transport="web")
        assert stream.held.messages[0].welcome.heartbeat_interval.seconds == kept
        await stream.next_or_none()

        harness.clock.advance(kept)
        beat = await stream.next_or_none()

        assert beat is not None
        assert beat.HasField("heartbeat")
        await stream.cut()


async def test_nor_where_the_settings_ask_for_it() -> None:
    rules = SessionRules(heartbeat_min=100, heartbeat_default=200)
    async with running(CoreHarness(rules=rules)) as harness:
        stream = await Stream(harness).open(transport="web")

        assert (await stream.next()).welcome.heartbeat_interval.seconds == 45


@pytest.mark.parametrize("bus", [LocalBus, NullBus])
async def test_a_heartbeat_passes_what_is_meant_for_others(bus: type[Bus]) -> None:
    async with running(CoreHarness(bus=bus())) as harness:
        laptop = await Stream(harness).synced()
        await laptop.next_or_none()
        row = await harness.send(target=FOR_PHONES)

        assert await laptop.next_or_none() is None
        harness.clock.advance(30)
        beat = await laptop.next_or_none()

        assert beat is not None
        assert beat.HasField("heartbeat")
        assert (beat.revision, beat.complete, beat.unread_count) == (row.revision, True, 0)
        resumed = await Stream(harness, held=await laptop.cut()).open()
        assert (await resumed.next()).welcome.resumed
        assert (await resumed.next()).HasField("synced")


async def test_a_tick_finds_what_no_hint_told() -> None:
    async with running(CoreHarness(bus=NullBus())) as harness:
        stream = await Stream(harness).synced()
        await harness.send("Lost")
        await harness.send("Lost too")
        assert await stream.next_or_none() is None

        harness.clock.advance(30)
        told = await stream.next_or_none()

        assert told is not None
        assert [e.notification.payload.visual_content.title for e in told.event_batch.events] == [
            "Lost",
            "Lost too",
        ]
        assert (told.revision, told.complete, told.unread_count) == (2, True, 2)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("bus", [LocalBus, NullBus])
async def test_a_stream_is_never_silent_for_longer(bus: type[Bus], seed: int) -> None:
    """Whatever happens in the feed, for this device or for others."""
    random = Random(seed)  # noqa: S311
    async with running(CoreHarness(bus=bus())) as harness:
        stream = await Stream(harness).synced(heartbeat=30)
        silent = 0
        for _ in range(200):
            if random.random() < 0.06:
                await harness.send(target=random.choice((FOR_PHONES, TargetPolicy())))
            while await stream.next_or_none() is not None:
                silent = 0
            harness.clock.advance(1)
            silent += 1
            while await stream.next_or_none() is not None:
                silent = 0
            assert silent < 30


async def test_a_heartbeat_is_for_silence_alone() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced(heartbeat=30)
        kinds = []
        for _ in range(100):
            await harness.send()
            while (told := await stream.next_or_none()) is not None:
                kinds.append(told.WhichOneof("message"))
            harness.clock.advance(1)

        assert kinds == ["event_batch"] * 100
