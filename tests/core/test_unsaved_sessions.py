"""A session that could not be written counts in the process, and is written when that works again."""

import asyncio

import pytest

from tests.core.full_disk import live, registered, stays, stored
from tests.support.core_harness import ADA, FAR_FUTURE, CoreHarness, Stream, running
from tests.support.full_store import FullStore, full
from unisono.server.core import endpoints as module
from unisono.server.core.feeds import StreamRequest
from unisono.server.errors import (
    Unavailable,
    UnisonoError,
)
from unisono.server.model import Endpoint, Limits
from unisono.server.store.reads import Standing
from unisono.v1 import feed_service_pb2 as pb


@pytest.fixture
def store() -> FullStore:
    return FullStore()


@pytest.fixture
def harness(store: FullStore) -> CoreHarness:
    return CoreHarness(store=store)


async def test_the_newest_session_is_written_when_that_works_again(
    harness: CoreHarness, store: FullStore
) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        await (await live(harness)).cut()
        older, newer = await live(harness), await live(harness)
        await older.ended()
        await older.cut()
        await harness.sweeper.sweep()
        assert (await stored(store)).session_id == ""
        store.error = None

        await harness.sweeper.sweep()

        session_id = newer.held.messages[0].welcome.session_id
        assert (await stored(store)).session_id == session_id
        await stays(harness, newer)
        await newer.cut()
        await harness.sweeper.sweep()
        assert (await stored(store)).session_id == ""


@pytest.mark.parametrize("again", [False, True])
async def test_a_stream_that_ended_meanwhile_is_forgotten(
    harness: CoreHarness, store: FullStore, again: bool
) -> None:
    """Also one of an endpoint whose stream of before is still named by its row."""
    async with running(harness):
        await registered(harness)
        if again:
            await (await live(harness)).cut()
        store.error = full()
        for _ in range(3):
            await (await live(harness)).cut()

        assert not harness.presence.unsaved.first(1)
        store.error = None
        await harness.sweeper.sweep()
        assert (await stored(store)).session_id == ""


async def test_a_caller_that_goes_away_while_nothing_can_be_written_leaves_no_session(
    harness: CoreHarness, store: FullStore
) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        opening = asyncio.create_task(Stream(harness).open())
        await store.failed.wait()
        opening.cancel()
        await asyncio.wait([opening])

        await harness.endpoints.committer.close()

        assert opening.cancelled()
        assert not harness.presence.unsaved.first(1)


async def test_a_session_that_is_written_is_not_replaced_by_an_older_one(
    harness: CoreHarness, store: FullStore
) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        older = await live(harness)
        store.error = None

        newer = await live(harness)

        assert (await older.ended()).reason == pb.GOODBYE_REASON_SUPERSEDED
        await older.cut()
        await harness.sweeper.sweep()
        assert (await stored(store)).session_id == newer.held.messages[0].welcome.session_id
        await stays(harness, newer)


async def test_a_session_that_is_written_while_it_asks_whose_the_endpoint_is_goes_on(
    harness: CoreHarness, store: FullStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        stream = await live(harness)
        store.error = None
        standing = store.standing

        async def read_before(*args: str) -> tuple[Standing | None, Endpoint | None]:
            found = await standing(*args)  # type: ignore[arg-type]
            await harness.endpoints.save_sessions()
            return found

        with monkeypatch.context() as patch:
            patch.setattr(store, "standing", read_before)
            harness.clock.advance(30)
            assert (await stream.next()).HasField("heartbeat")

        await stays(harness, stream)


async def test_a_deletion_ends_a_stream_that_is_not_written(harness: CoreHarness, store: FullStore) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        stream = await live(harness)
        with pytest.raises(Unavailable):
            await harness.endpoints.remove(ADA, "laptop")
        assert await stream.next_or_none() is None
        store.error = None

        await harness.endpoints.remove(ADA, "laptop")

        assert (await stream.ended()).reason == pb.GOODBYE_REASON_ENDPOINT_DELETED
        await stream.cut()
        await harness.sweeper.sweep()
        with pytest.raises(UnisonoError):
            await Stream(harness).open()


async def test_an_endpoint_whose_session_is_not_written_does_not_give_way(store: FullStore) -> None:
    limits = Limits(endpoints_per_user=2)
    async with running(CoreHarness(store=store, limits=limits)) as harness:
        await registered(harness)
        harness.clock.advance(1)
        await registered(harness, "phone")
        store.error = full()
        stream = await live(harness)
        store.error = None

        await registered(harness, "tablet")

        assert [e.endpoint_id for e in await harness.endpoints.list_all(ADA)] == ["laptop", "tablet"]
        await stays(harness, stream)


async def test_an_endpoint_that_is_purged_under_its_unwritten_session_comes_back(
    harness: CoreHarness, store: FullStore
) -> None:
    """A purge may find room where a session did not."""
    async with running(harness):
        await registered(harness)
        harness.clock.advance(70 * 24 * 3600)
        await harness.send()
        store.error = full()
        stream = await live(harness)
        await harness.sweeper.sweep()
        assert await store.endpoints(ADA) == []

        await stays(harness, stream)

        store.error = None
        await harness.sweeper.sweep()
        assert (await stored(store)).session_id
        await stays(harness, stream)


async def test_a_name_that_came_with_the_stream_is_written_too(
    harness: CoreHarness, store: FullStore
) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        wanted = StreamRequest(
            feed=ADA,
            endpoint_id="laptop",
            platform=None,
            display_name="At home",
            resume_token=None,
            from_end=True,
            heartbeat=None,
            expire_time=FAR_FUTURE,
        )
        with harness.feeds.subscribe(wanted) as subscriber:
            await harness.feeds.open_stream(wanted, subscriber)
            store.error = None
            await harness.endpoints.save_sessions()

            expected = (subscriber.session_id, "At home")

        found = await stored(store)
        assert (found.session_id, found.display_name) == expected


async def test_it_counts_as_connected(harness: CoreHarness, store: FullStore) -> None:
    async with running(harness):
        await registered(harness)
        store.error = full()
        stream = await live(harness)

        assert (await harness.endpoints.get(ADA, "laptop")).session_id
        assert [bool(e.session_id) for e in await harness.endpoints.list_all(ADA)] == [True]
        await stream.cut()
        assert not (await harness.endpoints.get(ADA, "laptop")).session_id


async def test_many_are_written_in_steps(
    harness: CoreHarness, store: FullStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP", 2)
    names = [f"device-{number}" for number in range(5)]
    async with running(harness):
        for name in names:
            await registered(harness, name)
        store.error = full()
        streams = [await live(harness, name) for name in names]
        store.error = None

        await harness.endpoints.save_sessions()

        assert all([(await stored(store, name)).session_id for name in names])
        assert not harness.presence.unsaved.first(1)
        for stream in streams:
            await stream.cut()
