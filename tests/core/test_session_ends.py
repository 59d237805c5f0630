"""Why streams end: each with its Goodbye, and with a token that passes nothing that was not told."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.buses import NullBus
from tests.support.clocks import START
from tests.support.core_harness import ADA, CoreHarness, Stream, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.bus.base import Bus, Hint
from unisono.server.bus.local import LocalBus
from unisono.server.core.catch_up_cache import PAGE_ROWS
from unisono.server.core.feeds import SessionRules
from unisono.server.core.sweeper import SweepRules
from unisono.server.errors import FailedPrecondition, Reason, Unavailable
from unisono.server.model import FeedKey
from unisono.server.store.reads import Changes
from unisono.v1 import feed_service_pb2 as pb

BUSES = [LocalBus, NullBus]
MINUTE = 60


async def live(harness: CoreHarness, endpoint_id: str = "laptop") -> Stream:
    """A stream that waits for something to happen."""
    stream = await Stream(harness, endpoint_id).synced()
    assert await stream.next_or_none() is None
    return stream


def drain(harness: CoreHarness) -> None:
    for subscriber in harness.hub.drain():
        subscriber.drain_delay = 1.5
        subscriber.wake.set()


@pytest.mark.parametrize("bus", BUSES)
async def test_a_newer_stream_supersedes_the_older(bus: type[Bus]) -> None:
    async with running(CoreHarness(bus=bus())) as harness:
        older = await live(harness)
        newer = await live(harness)
        if bus is NullBus:
            assert await older.next_or_none() is None
            harness.clock.advance(30)

        goodbye = await older.ended()

        assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_SUPERSEDED)
        await older.cut()
        row = await harness.send()
        harness.clock.advance(30 * (bus is NullBus))
        while not newer.held.notifications:
            await newer.next()
        assert list(newer.held.notifications) == [row.id]


async def test_a_superseded_stream_does_not_end_the_newer_one() -> None:
    async with running(CoreHarness()) as harness:
        older = await live(harness)
        newer = await live(harness)
        await older.ended()
        await older.cut()
        await harness.presence.flush()

        endpoint = await harness.endpoints.get(ADA, "laptop")

        assert endpoint.session_id
        await newer.cut()
        await harness.presence.flush()
        assert not (await harness.endpoints.get(ADA, "laptop")).session_id


@pytest.mark.parametrize("bus", BUSES)
async def test_a_deleted_endpoint_has_no_stream(bus: type[Bus]) -> None:
    async with running(CoreHarness(bus=bus())) as harness:
        stream, other = await live(harness, "laptop"), await live(harness, "phone")
        await harness.endpoints.remove(ADA, "laptop")
        if bus is NullBus:
            harness.clock.advance(30)

        goodbye = await stream.ended()

        assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_ENDPOINT_DELETED)
        assert (await other.next_or_none() is None) == (bus is LocalBus)
        with pytest.raises(FailedPrecondition) as raised:
            await Stream(harness, "laptop").open()
        assert raised.value.reason is Reason.ENDPOINT_DELETED


@pytest.mark.parametrize("bus", BUSES)
async def test_one_that_is_back_since_has_another_stream(bus: type[Bus]) -> None:
    """The stream of before may hear of both at once, and was not superseded: its device has to forget."""
    async with running(CoreHarness(bus=bus())) as harness:
        stream = await live(harness)
        await harness.endpoints.remove(ADA, "laptop", may_return=True)
        back = await live(harness)
        if bus is NullBus:
            harness.clock.advance(30)

        goodbye = await stream.ended()

        assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_ENDPOINT_DELETED)
        await stream.cut()
        await harness.presence.flush()
        assert (await harness.endpoints.get(ADA, "laptop")).session_id
        await back.cut()


async def test_an_acknowledgement_of_before_is_not_written_later() -> None:
    async with running(CoreHarness()) as harness:
        stream = await live(harness)
        await harness.send()
        await stream.next()
        assert await harness.feeds.acknowledge(ADA, "laptop", stream.held.token) == 1
        await harness.endpoints.remove(ADA, "laptop", may_return=True)
        back = await live(harness)

        await harness.presence.flush()

        assert (await harness.endpoints.get(ADA, "laptop")).acknowledged_revision == 0
        assert await harness.feeds.acknowledge(ADA, "laptop", back.held.token) == 1
        await harness.presence.flush()
        assert (await harness.endpoints.get(ADA, "laptop")).acknowledged_revision == 1
        await back.cut()


async def test_a_stream_ends_at_a_random_age() -> None:
    rules = SessionRules(age_min=15 * MINUTE, age_max=20 * MINUTE)
    async with running(CoreHarness(rules=rules)) as harness:
        streams = [await live(harness, f"device-{n}") for n in range(20)]
        ages: dict[Stream, int] = {}
        for minute in range(1, 21):
            harness.clock.advance(MINUTE)
            for stream in set(streams) - ages.keys():
                while (told := await stream.next_or_none()) is not None and told.HasField("heartbeat"):
                    pass
                if told is not None:
                    assert told.goodbye.reason == pb.GOODBYE_REASON_SESSION_AGE
                    assert told.goodbye.HasField("retry_delay")
                    ages[stream] = minute

        assert len(ages) == 20
        assert min(ages.values()) > 15
        assert len(set(ages.values())) > 2


async def test_a_floor_that_passes_a_stream_ends_it() -> None:
    """A client that does not read is passed by what it would have had to remove."""
    rules = SweepRules(tombstones_per_feed=0)
    async with running(CoreHarness(sweep_rules=rules)) as harness:
        rows = [await harness.send() for _ in range(PAGE_ROWS + 1)]
        stream = await Stream(harness).open()
        welcome, first = await stream.next(), await stream.next()
        for row in rows:
            await harness.delete(row)
        await harness.sweeper.sweep()

        goodbye = await stream.ended()

        assert welcome.HasField("welcome")
        assert len(first.event_batch.events) == PAGE_ROWS
        assert goodbye.reason == pb.GOODBYE_REASON_RESYNC
        assert goodbye.HasField("retry_delay")
        again = await Stream(harness, held=await stream.cut()).synced()
        assert not again.held.messages[-2].welcome.resumed
        assert again.held.notifications == {}


class BegunAnew(MemoryStore):
    """Tells of changes as if the feed had been forgotten, and had begun again."""

    async def changes(self, key: FeedKey, **bounds: Any) -> Changes:
        found = await super().changes(key, **bounds)
        return replace(found, feed=replace(found.feed, epoch=b"begun anew"))


async def test_a_stream_of_a_feed_that_has_begun_anew_has_to_come_back() -> None:
    """Positions of before mean nothing in it."""
    store = BegunAnew(ids=SequentialIds(), encode=encoding.encode_row)
    async with running(CoreHarness(store=store)) as harness:
        stream = await Stream(harness).synced(from_end=True)
        assert await stream.next_or_none() is None

        harness.bus.publish(Hint(key=ADA))

        assert (await stream.ended()).reason == pb.GOODBYE_REASON_FEED_DELETED


async def test_a_drained_stream_learns_when_to_come_back() -> None:
    async with running(CoreHarness()) as harness:
        stream = await live(harness)

        drain(harness)

        goodbye = await stream.ended()
        assert goodbye.reason == pb.GOODBYE_REASON_DRAINING
        assert goodbye.retry_delay.ToTimedelta().total_seconds() == 1.5
        with pytest.raises(Unavailable) as raised:
            await Stream(harness).open()
        assert raised.value.reason is Reason.DRAINING


@pytest.mark.parametrize("bus", BUSES)
@pytest.mark.parametrize("caught_up", [True, False])
async def test_a_goodbye_passes_nothing_that_was_not_told(bus: type[Bus], caught_up: bool) -> None:
    """What was committed just before the end is neither told any more nor lost."""
    async with running(CoreHarness(bus=bus())) as harness:
        stream = await live(harness) if caught_up else await Stream(harness).open()
        if not caught_up:
            await stream.next()
        row = await harness.send()
        drain(harness)

        await stream.ended()

        assert stream.held.notifications == {}
        assert stream.held.messages[-1].revision == 0
    async with running(CoreHarness(store=harness.store)) as next_node:
        again = await Stream(next_node, held=await stream.cut()).synced()
        assert list(again.held.notifications) == [row.id]
        assert again.held.rung == [(row.id, row.alert_revision)]


async def test_the_end_of_a_stream_is_a_sign_of_life() -> None:
    async with running(CoreHarness()) as harness:
        stream = await live(harness)
        harness.clock.advance(7)
        await stream.cut()
        await harness.presence.flush()

        endpoint = await harness.endpoints.get(ADA, "laptop")

        assert (endpoint.session_id, endpoint.last_seen_time) == ("", START + 7_000)
        assert harness.hub.subscriber_count == 0
