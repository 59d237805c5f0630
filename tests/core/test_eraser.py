"""Deleting a feed: in order with commits, in steps by turns, for all who wait, and across a restart."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.core.full_disk import live, registered
from tests.support.builders import a_notification, put
from tests.support.buses import NullBus
from tests.support.core_harness import ADA, CoreHarness, Stream, running
from tests.support.full_store import FullStore, full
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.core.decide.endpoints import Register
from unisono.server.core.eraser import STEP
from unisono.server.errors import FailedPrecondition, OutcomeUnknown, Reason, Unavailable
from unisono.server.model import FeedKey, Platform
from unisono.server.store.reads import Bar
from unisono.v1 import feed_service_pb2 as pb

BOB = FeedKey(ADA.app_id, "bob")


class StepStore(MemoryStore):
    """Counts the steps of erasing, of which each feed takes `steps`, and forgets when it is allowed to."""

    def __init__(self, steps: int = 1) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.steps = steps
        self.erased: list[int] = []
        self.forgotten: list[Sequence[int]] = []
        self.may_forget = asyncio.Event()
        self.may_forget.set()
        self.stepped = asyncio.Event()
        self.fault: Exception | None = None
        self.done_all_the_same = False

    async def detach_feed(self, key: FeedKey, bar: Bar | None) -> int | None:
        if self.done_all_the_same and self.fault is not None:
            await super().detach_feed(key, bar)
        if self.fault is not None:
            raise self.fault
        return await super().detach_feed(key, bar)

    async def erase(self, feed: int, limit: int) -> bool:
        assert limit == STEP
        self.erased.append(feed)
        self.stepped.set()
        return self.erased.count(feed) == self.steps

    async def forget(self, feeds: Sequence[int]) -> bool:
        await self.may_forget.wait()
        self.forgotten.append(list(feeds))
        return await super().forget(feeds)


class SlowEndpoints(MemoryStore):
    """Writes endpoints when it is allowed to."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.entered, self.leave = asyncio.Event(), asyncio.Event()

    async def commit_endpoints(self, items: Any, decide: Any) -> Any:
        self.entered.set()
        await self.leave.wait()
        return await super().commit_endpoints(items, decide)


async def test_it_is_answered_when_the_log_is_cleared() -> None:
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        store.may_forget.clear()
        deleting = asyncio.ensure_future(harness.eraser.delete(ADA))
        await store.stepped.wait()
        answered_before = deleting.done()
        store.may_forget.set()

        assert await deleting
        assert not answered_before
        assert (store.erased, store.forgotten) == ([1], [[1]])


async def test_what_never_was_and_what_is_gone_already_is_no_error() -> None:
    async with running(CoreHarness()) as harness:
        assert not await harness.eraser.delete(ADA)
        await harness.send()
        assert await harness.eraser.delete(ADA)
        assert not await harness.eraser.delete(ADA)


async def test_a_repeated_call_waits_for_what_is_being_erased() -> None:
    """It has no name any more by which the call would find it."""
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        store.may_forget.clear()
        first, again = [asyncio.ensure_future(harness.eraser.delete(ADA)) for _ in range(2)]
        await store.stepped.wait()
        await asyncio.sleep(0)
        assert not again.done()
        store.may_forget.set()

        assert (await first, await again) == (True, False)


async def test_a_large_feed_does_not_hold_up_a_small_one() -> None:
    """Their steps take turns."""
    store = StepStore(steps=3)
    async with running(CoreHarness(store=store)) as harness:
        await put(store, a_notification("hers", 1, feed=ADA), a_notification("his", 1, feed=BOB))
        await asyncio.gather(harness.eraser.delete(ADA), harness.eraser.delete(BOB))

    assert store.erased == [1, 2, 1, 2, 1, 2]


async def test_a_start_goes_on_with_what_is_left() -> None:
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        await store.detach_feed(ADA, None)
    async with running(CoreHarness(store=store)) as harness:
        assert not await harness.eraser.delete(BOB)

    assert store.forgotten == [[1]]


async def test_what_takes_long_goes_on_without_the_caller() -> None:
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        store.may_forget.clear()
        deleting = asyncio.ensure_future(harness.eraser.delete(ADA))
        async with harness.clock.advancing():
            with pytest.raises(Unavailable) as raised:
                await deleting
        store.may_forget.set()

        assert raised.value.reason is Reason.STORE_UNAVAILABLE
        assert not await harness.eraser.delete(ADA)
        assert store.forgotten == [[1]]


async def test_a_server_that_stops_tells_those_who_wait() -> None:
    store = StepStore(steps=10**6)
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        deleting = asyncio.ensure_future(harness.eraser.delete(ADA))
        await store.stepped.wait()

        await harness.eraser.close()

        for call in (deleting, harness.eraser.delete(ADA)):
            with pytest.raises(Unavailable) as raised:
                await call
            assert raised.value.reason is Reason.DRAINING


async def test_a_cancelled_call_has_deleted_all_the_same() -> None:
    async with running(CoreHarness()) as harness:
        await harness.send()
        stream = await Stream(harness).synced()
        deleting = asyncio.ensure_future(harness.eraser.delete(ADA))
        await asyncio.sleep(0)
        deleting.cancel()

        assert (await stream.ended()).reason == pb.GOODBYE_REASON_FEED_DELETED
        assert await harness.store.feed(ADA) is None


async def test_what_cannot_be_committed_bars_nobody() -> None:
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        until = harness.clock.now() + 1000
        store.fault = Unavailable(Reason.STORE_UNAVAILABLE, "not now")
        with pytest.raises(Unavailable):
            await harness.eraser.delete(ADA, barred_until=until)
        harness.bars.check(ADA)

        store.fault = OutcomeUnknown()
        with pytest.raises(OutcomeUnknown):
            await harness.eraser.delete(ADA, barred_until=until)
        assert harness.bars.refusal(ADA) is not None


@pytest.mark.parametrize("repeated", [False, True])
async def test_what_may_have_been_committed_is_erased_all_the_same(repeated: bool) -> None:
    """Whoever repeats it finds no feed any more, and waits for the rest of it."""
    store = StepStore()
    async with running(CoreHarness(store=store)) as harness:
        await harness.send()
        stream = await Stream(harness).synced()
        store.fault, store.done_all_the_same = OutcomeUnknown(), True
        with pytest.raises(OutcomeUnknown):
            await harness.eraser.delete(ADA)
        store.fault = None

        if repeated:
            assert not await harness.eraser.delete(ADA)
        else:
            await store.stepped.wait()
            assert not await harness.eraser.delete(BOB)

        assert (store.erased, store.forgotten) == ([1], [[1]])
        assert (await stream.ended()).reason == pb.GOODBYE_REASON_FEED_DELETED


@pytest.mark.parametrize("bus", [LocalBus, NullBus])
async def test_a_stream_ends_even_if_its_hint_gets_lost(bus: type[Bus]) -> None:
    """It notices at its heartbeat, and another feed that has begun does not look like its own."""
    async with running(CoreHarness(bus=bus())) as harness:
        await harness.send()
        stream = await Stream(harness).synced()
        assert await stream.next_or_none() is None
        await harness.store.detach_feed(ADA, None)
        await harness.send("Not yours")
        harness.clock.advance(30)

        goodbye = await stream.ended()

        assert goodbye.reason == pb.GOODBYE_REASON_FEED_DELETED
        assert goodbye.HasField("retry_delay")


async def test_a_session_that_could_not_be_written_begins_no_feed_anew() -> None:
    """It began on a full disk, and waits to be written when the user is deleted."""
    store = FullStore()
    async with running(CoreHarness(store=store)) as harness:
        await registered(harness)
        store.error = full()
        stream = await live(harness)
        store.error = None

        assert await harness.eraser.delete(ADA)
        await harness.endpoints.save_sessions()

        assert await store.feed(ADA) is None
        assert (await stream.ended()).reason == pb.GOODBYE_REASON_FEED_DELETED


async def test_what_waits_for_its_turn_to_be_written_is_barred_too() -> None:
    """A registration that was let in before the deletion, and comes to be written after it."""
    store = SlowEndpoints()
    async with running(CoreHarness(store=store)) as harness:
        # A session of somebody else is being written meanwhile.
        bobs = Register(feed=BOB, endpoint_id="pad", platform=Platform.IOS, display_name="", session_id="s")
        harness.presence.unsaved.put(bobs)
        saving = asyncio.ensure_future(harness.endpoints.save_sessions())
        await store.entered.wait()
        late = asyncio.ensure_future(harness.endpoints.register(ADA, "phone", Platform.IOS, ""))
        # It is taken for the next commit, and waits for the one before.
        for _ in range(10):
            await asyncio.sleep(0)
        await harness.eraser.delete(ADA, barred_until=harness.clock.now() + 1000)
        store.leave.set()

        with pytest.raises(FailedPrecondition):
            await late
        await saving
        assert await store.endpoints(ADA) == []
