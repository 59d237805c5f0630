"""Where nothing can be written, as on a full disk, a registered endpoint goes live all the same."""

import pytest

from tests.core.full_disk import live, registered, stays
from tests.support.buses import NullBus
from tests.support.core_harness import ADA, CoreHarness, Stream, running
from tests.support.full_store import FullStore, full
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.errors import (
    FailedPrecondition,
    OutcomeUnknown,
    Reason,
    Unavailable,
)
from unisono.server.model import Platform
from unisono.v1 import feed_service_pb2 as pb

BUSES = [LocalBus, NullBus]

ERRORS = [full(), Unavailable(Reason.STORE_UNAVAILABLE, "locked"), OutcomeUnknown()]


@pytest.fixture
def store() -> FullStore:
    return FullStore()


@pytest.fixture
def harness(store: FullStore) -> CoreHarness:
    return CoreHarness(store=store)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
async def test_a_registered_endpoint_gets_what_is_stored_and_stays_live(
    harness: CoreHarness, store: FullStore, error: Unavailable
) -> None:
    async with running(harness):
        await registered(harness)
        row = await harness.send()
        store.error = error

        stream = await live(harness)

        kinds = [message.WhichOneof("message") for message in stream.held.messages]
        assert kinds == ["welcome", "event_batch", "synced"]
        assert list(stream.held.notifications) == [row.id]
        await stays(harness, stream)


async def test_a_stream_resumes(harness: CoreHarness, store: FullStore) -> None:
    async with running(harness):
        held = await (await live(harness)).cut()
        row = await harness.send()
        store.error = full()

        stream = await Stream(harness, held=held).open()

        assert (await stream.next()).welcome.resumed
        assert (await stream.next()).event_batch.events[0].notification.id == row.id


@pytest.mark.parametrize("bus", BUSES)
async def test_a_newer_stream_supersedes_the_older_though_neither_is_written(
    store: FullStore, bus: type[Bus]
) -> None:
    async with running(CoreHarness(store=store, bus=bus())) as harness:
        await registered(harness)
        store.error = full()
        older = await live(harness)
        newer = await live(harness)
        if bus is NullBus:
            harness.clock.advance(30)

        goodbye = await older.ended()

        assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_SUPERSEDED)
        await older.cut()
        if bus is NullBus:
            assert (await newer.next()).HasField("heartbeat")
        await stays(harness, newer)


async def test_a_newer_stream_supersedes_one_that_is_written(harness: CoreHarness, store: FullStore) -> None:
    async with running(harness):
        older = await live(harness)
        store.error = full()
        newer = await live(harness)

        assert (await older.ended()).reason == pb.GOODBYE_REASON_SUPERSEDED
        await older.cut()
        await stays(harness, newer)


async def test_an_endpoint_that_is_not_registered_is_refused(harness: CoreHarness, store: FullStore) -> None:
    async with running(harness):
        await harness.send()
        store.error = full()
        stream = Stream(harness)

        for calls in (stream.open(), registered(harness)):
            with pytest.raises(Unavailable) as raised:
                await calls
            assert (raised.value.reason, raised.value.retry_delay) == (Reason.STORE_FULL, 1.0)

        await stream.cut()
        assert harness.hub.subscriber_count == 0
        store.error = None
        await live(harness)


async def test_a_registration_without_a_stream_is_refused(harness: CoreHarness, store: FullStore) -> None:
    """It answers OK when it is stored."""
    async with running(harness):
        await registered(harness)
        store.error = full()

        with pytest.raises(Unavailable):
            await registered(harness)


@pytest.mark.parametrize("platform", [Platform.LINUX, Platform.IOS])
async def test_what_would_be_refused_is_refused_as_ever(
    harness: CoreHarness, store: FullStore, platform: Platform
) -> None:
    deleted = platform is Platform.LINUX
    async with running(harness):
        await registered(harness)
        if deleted:
            await harness.endpoints.remove(ADA, "laptop")
        store.error = full()

        with pytest.raises(FailedPrecondition) as raised:
            await Stream(harness, platform=platform).open()

        assert raised.value.reason is (Reason.ENDPOINT_DELETED if deleted else Reason.PLATFORM_FIXED)
