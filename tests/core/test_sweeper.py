"""Time acts through commits: expiry, the end of snoozes, and forgetting."""

import asyncio

import pytest

from tests.support.clocks import START, FakeClock
from tests.support.core_harness import ADA, CoreHarness, Stream, running
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from unisono.server.api.convert import encoding
from unisono.server.core.decide.commands import StatePatch
from unisono.server.core.sweeper import DAY, SweepRules
from unisono.server.errors import NotFound, Reason, Unavailable
from unisono.server.model import Notification, Platform, ReadState, UserActionState
from unisono.server.store.reads import Due
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.notification_pb2 import READ_STATE_UNREAD, USER_ACTION_STATE_NO_INTERACTION

DISMISSED = StatePatch(user_action_state=UserActionState.DISMISSED)


def snoozed(until: int) -> StatePatch:
    return StatePatch(
        read_state=ReadState.READ,
        user_action_state=UserActionState.SNOOZED,
        snooze_until=until,
    )


async def stored(harness: CoreHarness, row: Notification) -> Notification:
    (found,) = await harness.store.find(ADA, ids=[row.id])
    return found


async def test_what_expires_stays_until_that_is_committed_and_then_goes_everywhere() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced()
        row = await harness.send(expire_time=START + 5_000)
        await stream.next()
        harness.clock.advance(5)
        before = await stored(harness, row)

        await harness.sweeper.sweep()

        assert before.live
        (event,) = (await stream.next()).event_batch.events
        assert (event.removed, event.change_type) == (True, pb.CHANGE_TYPE_EXPIRED)
        assert stream.held.notifications == {}
        assert stream.held.unread_count == 0
        feed = await harness.store.feed(ADA)
        assert feed is not None
        assert (feed.live, feed.unread_count()) == (0, 0)


async def test_what_is_not_due_stays() -> None:
    async with running(CoreHarness()) as harness:
        row = await harness.send(expire_time=START + 5_000)
        harness.clock.advance(4.999)

        await harness.sweeper.sweep()

        assert (await stored(harness, row)).revision == row.revision


async def test_a_snooze_ends_unread_and_rings() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced()
        row = await harness.send()
        await harness.mark(row, snoozed(START + 5_000))
        await stream.next()
        assert stream.held.unread_count == 0
        assert stream.held.rung == []
        harness.clock.advance(5)

        await harness.sweeper.sweep()

        told = await stream.next()
        (event,) = told.event_batch.events
        assert (event.change_type, event.alert) == (pb.CHANGE_TYPE_STATE_CHANGED, True)
        assert event.notification.read_state == READ_STATE_UNREAD
        assert event.notification.user_action_state == USER_ACTION_STATE_NO_INTERACTION
        assert not event.notification.HasField("snooze_until")
        assert told.unread_count == 1
        assert stream.held.rung == [(row.id, event.revision)]


async def test_a_snooze_does_not_outlive_its_notification() -> None:
    async with running(CoreHarness()) as harness:
        row = await harness.send(expire_time=START + 9_000)
        await harness.mark(row, snoozed(START + 5_000))
        harness.clock.advance(9)

        await harness.sweeper.sweep()

        assert not (await stored(harness, row)).live


class SlowFinder(MemoryStore):
    """What it finds due may change before that is acted on."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.found = asyncio.Event()
        self.go_on = asyncio.Event()

    async def due(self, now: int, limit: int) -> list[Due]:
        found = list(await super().due(now, limit))
        self.found.set()
        await self.go_on.wait()
        return found


async def test_it_acts_on_the_row_as_it_then_is() -> None:
    """Between being found and being woken, somebody dismissed it."""
    store = SlowFinder()
    async with running(CoreHarness(store=store)) as harness:
        row = await harness.send()
        await harness.mark(row, snoozed(START + 5_000))
        harness.clock.advance(5)
        sweeping = asyncio.create_task(harness.sweeper.sweep())
        await store.found.wait()
        await harness.mark(row, DISMISSED)

        store.go_on.set()
        await sweeping

        after = await stored(harness, row)
        assert (after.user_action_state, after.revision) == (UserActionState.DISMISSED, 3)


async def test_much_that_is_due_is_done_in_small_steps() -> None:
    async with running(CoreHarness(sweep_rules=SweepRules(step=10))) as harness:
        rows = [await harness.send(expire_time=START + 1 + n) for n in range(35)]
        harness.clock.advance(1)
        hints: list[int] = []
        harness.bus.listen(lambda hint: hints.append(len(hint.changes)))

        await harness.sweeper.sweep()

        assert hints == [10, 10, 10, 5]
        assert not any([(await stored(harness, row)).live for row in rows])


async def test_tombstones_go_after_their_time_and_raise_the_floor() -> None:
    rules = SweepRules(tombstone_days=30)
    async with running(CoreHarness(sweep_rules=rules)) as harness:
        old, kept, new = [await harness.send() for _ in range(3)]
        await harness.delete(old)
        harness.clock.advance(30 * DAY / 1000)
        await harness.delete(new)
        await harness.sweeper.sweep()
        assert not (await stored(harness, old)).live

        harness.clock.advance(0.001)
        await harness.sweeper.sweep()

        # `kept` expired meanwhile: after seven days.
        assert {row.id for row in harness.store.rows(ADA)} == {kept.id, new.id}
        feed = await harness.store.feed(ADA)
        assert feed is not None
        assert feed.floor == 4


async def test_a_feed_has_so_many_tombstones() -> None:
    rules = SweepRules(tombstones_per_feed=3)
    async with running(CoreHarness(sweep_rules=rules)) as harness:
        rows = [await harness.send() for _ in range(6)]
        for row in rows[:5]:
            await harness.delete(row)

        await harness.sweeper.sweep()

        assert {row.id for row in harness.store.rows(ADA)} == {row.id for row in rows[2:]}
        feed = await harness.store.feed(ADA)
        assert feed is not None
        assert feed.floor == 8


async def test_endpoints_that_were_not_seen_for_long_go_unless_they_have_a_stream() -> None:
    async with running(CoreHarness(sweep_rules=SweepRules(unseen_endpoint_days=60))) as harness:
        await harness.endpoints.register(ADA, "lost", Platform.IOS, "")
        stream = await Stream(harness, "open").synced()
        harness.clock.advance(61 * DAY / 1000)

        await harness.sweeper.sweep()

        assert [e.endpoint_id for e in await harness.endpoints.list_all(ADA)] == ["open"]
        with pytest.raises(NotFound):
            await harness.endpoints.get(ADA, "lost")
        await stream.cut()


async def test_after_a_start_ephemeral_endpoints_have_their_grace_again() -> None:
    """Their streams ended with the process before, and their devices are on their way back."""
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness, "window").synced(ephemeral=True)
        await stream.cut()
        await harness.presence.flush()
    down_for = FakeClock(START + 3600_000)
    async with running(CoreHarness(store=harness.store, clock=down_for)) as harness:
        down_for.advance(300)
        await harness.sweeper.sweep()
        assert (await harness.endpoints.get(ADA, "window")).ephemeral

        down_for.advance(0.001)
        await harness.sweeper.sweep()

        with pytest.raises(NotFound):
            await harness.endpoints.get(ADA, "window")


async def test_a_deleted_endpoint_may_come_back_after_its_time() -> None:
    async with running(CoreHarness(sweep_rules=SweepRules(deleted_endpoint_days=30))) as harness:
        await harness.endpoints.register(ADA, "laptop", Platform.LINUX, "")
        await harness.endpoints.remove(ADA, "laptop")
        harness.clock.advance(30 * DAY / 1000 + 0.001)

        await harness.sweeper.sweep()

        assert (await harness.endpoints.register(ADA, "laptop", Platform.IOS, "")).changed


class Breaking(MemoryStore):
    """Fails as it is told."""

    def __init__(self) -> None:
        super().__init__(ids=SequentialIds(), encode=encoding.encode_row)
        self.failure: Exception | None = None
        self.failed = asyncio.Event()

    async def due(self, now: int, limit: int) -> list[Due]:
        if self.failure is not None:
            self.failed.set()
            raise self.failure
        return list(await super().due(now, limit))


@pytest.mark.parametrize("failure", [Unavailable(Reason.STORE_UNAVAILABLE, "no disk"), ValueError("fault")])
async def test_it_goes_on_after_trouble(failure: Exception) -> None:
    store = Breaking()
    async with running(CoreHarness(store=store)) as harness:
        stream = await Stream(harness).synced()
        await harness.send(expire_time=START + 500)
        await stream.next()
        store.failure = failure
        harness.sweeper.start()
        await asyncio.sleep(0)
        harness.clock.advance(1)
        await store.failed.wait()

        store.failure = None
        while stream.held.notifications:
            harness.clock.advance(1)
            await stream.next_or_none()

        await harness.sweeper.close()


async def test_close_ends_it() -> None:
    async with running(CoreHarness()) as harness:
        await harness.sweeper.close()
        harness.sweeper.start()
        await harness.sweeper.close()
