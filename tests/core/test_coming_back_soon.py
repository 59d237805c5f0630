"""A device that comes back soon has what it missed out of memory, and no less than the store would say."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.buses import NullBus
from tests.support.core_harness import CoreHarness, Stream, running
from tests.support.devices import DeviceModel
from unisono.server.core import away
from unisono.server.core.away import AWAY_SECONDS
from unisono.server.core.decide.commands import StatePatch
from unisono.server.model import Platform, ReadState, TargetPolicy
from unisono.v1 import feed_service_pb2 as pb


class Reads:
    """Counts the catch-ups that are read from the store of a harness."""

    def __init__(self, harness: CoreHarness, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        read = harness.store.changes

        async def counted(*args: Any, **wanted: Any) -> Any:
            self.count += 1
            return await read(*args, **wanted)

        patch.setattr(harness.store, "changes", counted)


async def left(harness: CoreHarness, **stream: Any) -> DeviceModel:
    """Return what a device holds that was there, and left."""
    return await (await Stream(harness, **stream).synced()).cut()


async def back(harness: CoreHarness, held: DeviceModel, **stream: Any) -> list[pb.Event]:
    """Return the events that a device has when it comes back, up to Synced."""
    returned = await Stream(harness, held=held, **stream).open()
    events: list[pb.Event] = []
    while not (message := await returned.next()).HasField("synced"):
        events += message.event_batch.events
    await returned.cut()
    return events


async def test_what_it_missed_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        reads = Reads(harness, monkeypatch)
        rows = [await harness.send(title) for title in ("one", "two")]

        events = await back(harness, held)

    assert [(event.notification_id, event.change_type, event.alert) for event in events] == [
        (row.id, pb.CHANGE_TYPE_CREATED, True) for row in rows
    ]
    assert reads.count == 0


async def test_it_has_what_is_meant_for_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        reads = Reads(harness, monkeypatch)
        await harness.send("for phones", target=TargetPolicy.of((Platform.IOS,), ()))
        row = await harness.send("for all")

        events = await back(harness, held)

    assert [event.notification_id for event in events] == [row.id]
    assert reads.count == 0


async def test_what_changed_more_than_once_is_told_once() -> None:
    """Collapsed: the store says what is left of several changes, and the tail does not."""
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        row = await harness.send("Hello")
        await harness.mark(row, StatePatch(read_state=ReadState.READ))

        events = await back(harness, held)

    assert [(event.change_type, event.alert) for event in events] == [(pb.CHANGE_TYPE_CREATED, False)]


async def test_what_is_over_does_not_ring_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        reads = Reads(harness, monkeypatch)
        await harness.send("Dinner!", display_time_to_live=10_000)
        harness.clock.advance(11)

        events = await back(harness, held)

    assert [event.alert for event in events] == [False]
    assert reads.count == 0


async def test_what_the_tail_was_not_told_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Complete: hints may get lost, and the tail of a feed without a device is then older than the feed."""
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        rows = [await harness.send("heard")]
        monkeypatch.setattr(harness.bus, "publish", NullBus().publish)
        rows.append(await harness.send("lost"))

        events = await back(harness, held)

    assert [event.notification_id for event in events] == [row.id for row in rows]


def long_ago(harness: CoreHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.clock.advance(AWAY_SECONDS)


def one_of_many(harness: CoreHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(away, "AWAY_FEEDS", 0)


@pytest.mark.parametrize("change", [long_ago, one_of_many])
async def test_it_is_not_kept_for_long_nor_for_many(
    change: Callable[[CoreHarness, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(CoreHarness()) as harness:
        held = await left(harness)
        reads = Reads(harness, monkeypatch)
        row = await harness.send("Hello")
        change(harness, monkeypatch)

        events = await back(harness, held)

    assert [event.notification_id for event in events] == [row.id]
    assert reads.count == 1
