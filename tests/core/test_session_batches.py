"""What goes into one message: all that is ready, the net state, and never more than 256 KiB."""

import pytest

from tests.support.builders import a_payload
from tests.support.buses import NullBus
from tests.support.core_harness import CoreHarness, Stream, running
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.core.catch_up_cache import PAGE_ROWS
from unisono.server.core.decide.commands import StatePatch
from unisono.server.core.tail import TAIL_CHANGES
from unisono.server.model import Limits, Notification, Platform, ReadState, TargetPolicy
from unisono.v1 import feed_service_pb2 as pb

LIMITS = Limits()
LARGEST = a_payload(
    title="t" * LIMITS.title_bytes,
    body="b" * LIMITS.body_bytes,
    raw_content=b"r" * LIMITS.raw_content_bytes,
)
MANY_ENDPOINTS = TargetPolicy.of(
    (Platform.LINUX,), (f"{n:0{LIMITS.id_bytes}}" for n in range(LIMITS.target_endpoints))
)
READ = StatePatch(read_state=ReadState.READ)


async def largest(harness: CoreHarness) -> Notification:
    """A notification with all fields as large as allowed."""
    return await harness.send(
        payload=LARGEST,
        group_name="g" * LIMITS.id_bytes,
        display_time_to_live=LIMITS.expire_after_max,
        target=MANY_ENDPOINTS,
    )


async def batches(stream: Stream, until: int) -> list[pb.EventBatch]:
    """The batches up to a revision."""
    found = []
    while stream.held.revision < until:
        told = await stream.next()
        if told.HasField("event_batch"):
            found.append(told.event_batch)
    return found


@pytest.mark.parametrize("bus", [LocalBus, NullBus])
async def test_no_batch_is_larger_than_256_kib(bus: type[Bus]) -> None:
    """Live, from the tail or, where it is more than a batch, from the store."""
    async with running(CoreHarness(bus=bus())) as harness:
        stream = await Stream(harness).synced()
        assert await stream.next_or_none() is None
        rows = [await largest(harness) for _ in range(20)]
        harness.clock.advance(30)

        found = await batches(stream, rows[-1].revision)

        assert [e.notification_id for batch in found for e in batch.events] == [row.id for row in rows]
        assert max(batch.ByteSize() for batch in found) <= 256 * 1024
        assert len(found) < len(rows)


async def test_no_batch_of_a_catch_up_is_larger_than_256_kib() -> None:
    async with running(CoreHarness()) as harness:
        rows = [await largest(harness) for _ in range(20)]
        stream = await Stream(harness).open()

        found = await batches(stream, rows[-1].revision)

        assert [e.notification_id for batch in found for e in batch.events] == [row.id for row in rows]
        assert max(batch.ByteSize() for batch in found) <= 256 * 1024


async def test_changes_of_state_alone_are_bounded_too() -> None:
    """They carry no payload, so no limit on payloads bounds them."""
    async with running(CoreHarness()) as harness:
        rows = [await largest(harness) for _ in range(40)]
        stream = await Stream(harness).synced()
        assert await stream.next_or_none() is None
        for row in rows:
            await harness.mark(row, READ)

        found = await batches(stream, 80)

        assert sum(len(batch.events) for batch in found) == len(rows)
        assert max(batch.ByteSize() for batch in found) <= 256 * 1024
        assert all(not e.notification.HasField("payload") for batch in found for e in batch.events)
        assert {int(n.read_state) for n in stream.held.notifications.values()} == {ReadState.READ}


async def test_a_catch_up_comes_in_pages_and_is_complete_at_synced() -> None:
    async with running(CoreHarness()) as harness:
        for _ in range(2 * PAGE_ROWS + 1):
            await harness.send()
        stream = await Stream(harness).synced()

        told = stream.held.messages

        kinds = [message.WhichOneof("message") for message in told]
        assert kinds == ["welcome", "event_batch", "event_batch", "event_batch", "synced"]
        assert [len(m.event_batch.events) for m in told] == [0, PAGE_ROWS, PAGE_ROWS, 1, 0]
        assert [message.complete for message in told] == [False] * 4 + [True]
        assert stream.held.unread_count == 2 * PAGE_ROWS + 1


async def test_an_empty_feed_is_synced_at_once() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced()

        assert [m.WhichOneof("message") for m in stream.held.messages] == ["welcome", "synced"]
        assert (stream.held.revision, stream.held.complete_revision) == (0, 0)


async def test_from_the_end_there_is_nothing_to_catch_up() -> None:
    async with running(CoreHarness()) as harness:
        await harness.send("Old")
        stream = await Stream(harness).synced(from_end=True)
        new = await harness.send("New")

        told = await stream.next()

        assert [m.WhichOneof("message") for m in stream.held.messages[:-1]] == ["welcome", "synced"]
        assert [e.notification_id for e in told.event_batch.events] == [new.id]
        assert told.unread_count == 2


async def test_everything_that_is_ready_goes_into_one_message() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced()
        rows = [await harness.send() for _ in range(100)]
        await harness.mark(rows[0], READ)

        told = await stream.next()

        assert [e.revision for e in told.event_batch.events] == list(range(1, 102))
        assert (told.revision, told.complete, told.unread_count) == (101, True, 99)
        assert await stream.next_or_none() is None


async def test_who_is_further_behind_than_the_tail_gets_the_net_state() -> None:
    async with running(CoreHarness()) as harness:
        stream = await Stream(harness).synced()
        row = await harness.send()
        for n in range(TAIL_CHANGES):
            await harness.mark(row, StatePatch(read_state=ReadState.UNREAD if n % 2 else ReadState.READ))

        told = await stream.next()

        (event,) = told.event_batch.events
        assert (event.revision, event.change_type) == (TAIL_CHANGES + 1, pb.CHANGE_TYPE_CREATED)
        assert event.notification.payload.visual_content.title == "Hello"


async def test_an_event_names_its_origin_where_it_is_one_change() -> None:
    async with running(CoreHarness()) as harness:
        live = await Stream(harness, "phone").synced()
        soon, late = [await (await Stream(harness, name).synced()).cut() for name in ("tablet", "laptop")]
        row = await harness.send(origin="phone")

        (event,) = (await live.next()).event_batch.events

        assert event.origin_endpoint_id == "phone"
        caught_up = await Stream(harness, "tablet", held=soon).synced()
        (event,) = caught_up.held.messages[-2].event_batch.events
        assert (event.notification_id, event.origin_endpoint_id) == (row.id, "phone")
        await harness.mark(row, StatePatch(read_state=ReadState.READ))
        caught_up = await Stream(harness, "laptop", held=late).synced()
        (event,) = caught_up.held.messages[-2].event_batch.events
        assert (event.notification_id, event.origin_endpoint_id) == (row.id, "")
