"""What is known of a feed: also what is not saved yet, and what its open streams were sent."""

from collections.abc import AsyncIterator

import pytest

from tests.support.core_harness import ADA, CoreHarness, Stream, running
from unisono.server.core import explaining
from unisono.server.core.decide.commands import Ref
from unisono.server.core.explaining import Explaining, Known, OpenStream


@pytest.fixture
async def harness() -> AsyncIterator[CoreHarness]:
    async with running(CoreHarness()) as harness:
        yield harness


async def known(harness: CoreHarness, ref: Ref | None = None, before: int | None = None) -> Known:
    asked = Explaining(harness.store, harness.hub, harness.presence, harness.bars)
    return await asked.known(ADA, ref, before=before, limit=2)


async def test_of_a_user_who_never_was_nothing_is_known(harness: CoreHarness) -> None:
    assert await known(harness) == Known(inspection=None, streams=[], barred_until=None)


async def test_an_open_stream_says_up_to_where_it_was_written(harness: CoreHarness) -> None:
    stream = await Stream(harness).synced()
    await harness.send()
    assert (await known(harness)).streams == [
        OpenStream(endpoint_id="laptop", position=0, complete=True, superseded=False)
    ]
    await stream.next()
    assert [one.position for one in (await known(harness)).streams] == [1]
    await stream.cut()
    assert (await known(harness)).streams == []


async def test_a_stream_that_catches_up_is_not_complete(harness: CoreHarness) -> None:
    for _ in range(600):
        await harness.send()
    stream = await Stream(harness).open()
    assert (await stream.next()).HasField("welcome")
    assert (await stream.next()).HasField("event_batch")
    (found,) = (await known(harness)).streams
    assert not found.complete
    assert found.position == stream.held.revision
    await stream.cut()


async def test_a_stream_that_a_newer_one_took_over_from_is_told_apart(harness: CoreHarness) -> None:
    older = await Stream(harness).synced()
    newer = await Stream(harness).synced()
    assert sorted(one.superseded for one in (await known(harness)).streams) == [False, True]
    await older.cut()
    await newer.cut()


async def test_what_is_acknowledged_counts_before_it_is_saved(harness: CoreHarness) -> None:
    await harness.send()
    stream = await Stream(harness).synced()
    await harness.feeds.acknowledge(ADA, "laptop", stream.held.token)
    (stored,) = await harness.store.endpoints(ADA)
    (found,) = (await known(harness)).endpoints
    assert (stored.acknowledged_revision, found.acknowledged_revision) == (0, 1)
    await stream.cut()


async def test_a_user_who_was_deleted_and_barred(harness: CoreHarness) -> None:
    await harness.send()
    until = harness.clock.now() + 1000
    await harness.eraser.delete(ADA, barred_until=until)
    assert await known(harness) == Known(inspection=None, streams=[], barred_until=until)
    harness.clock.advance(1)
    assert (await known(harness)).barred_until is None


async def test_pages_lead_to_the_end(harness: CoreHarness) -> None:
    sent = [await harness.send() for _ in range(5)]
    await harness.delete(sent[0])
    first = await known(harness)
    assert [row.id for row in first.rows] == [sent[4].id, sent[3].id, sent[0].id]
    second = await known(harness, before=first.resume_before)
    assert [row.id for row in second.rows] == [sent[2].id, sent[1].id]
    assert second.resume_before is None


async def test_one_by_its_id(harness: CoreHarness) -> None:
    sent = [await harness.send() for _ in range(5)]
    found = await known(harness, Ref(id=sent[0].id))
    assert [row.id for row in found.rows] == [sent[0].id]
    assert found.resume_before is None


async def test_there_are_as_many_endpoints_as_may_be(
    harness: CoreHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "ENDPOINTS_MAX", 2)
    found: list[Known] = []
    for name in ("a", "b", "c"):
        stream = await Stream(harness, name).synced()
        await stream.cut()
        found.append(await known(harness))
    assert [one.more_endpoints for one in found] == [False, False, True]
    assert [len(one.endpoints) for one in found] == [1, 2, 2]
