"""A store in trouble says so, changes nothing, and works again afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.contract.backends import StoreBackend, opened
from tests.support.builders import (
    ALICE,
    NOW,
    StubItem,
    a_notification,
    an_endpoint,
    put,
    put_endpoints,
    read_view,
    write_rows,
)
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import Store
from unisono.server.store.commit import Decision, ReadSet, View
from unisono.server.store.reads import EndpointActivity, ListFilter, PurgeBounds

RETENTION = PurgeBounds(
    tombstones_before=0, tombstones_per_feed=0, endpoints_before=0, deletions_before=0, limit=10
)
WRITES: dict[str, Callable[[Store], Awaitable[object]]] = {
    "commit": lambda store: put(store, a_notification("n2", 2)),
    "commit_endpoints": lambda store: put_endpoints(store, an_endpoint("phone")),
    "note_seen": lambda store: store.record_activity(
        [EndpointActivity(feed=ALICE, endpoint_id="phone", time=NOW)]
    ),
    "forget": lambda store: store.purge(RETENTION),
}
READS: dict[str, Callable[[Store], Awaitable[object]]] = {
    "changes": lambda store: store.changes(ALICE, after=0, known=0, limit=9, max_bytes=9),
    "list_changes": lambda store: store.list_changes(
        ALICE, after=0, base=0, audience=None, limit=9, max_bytes=9
    ),
    "find": lambda store: store.find(ALICE, ids=["n1"]),
    "history": lambda store: store.history(ALICE, ListFilter(), before=None, limit=9, max_bytes=9),
    "due": lambda store: store.due(NOW, 9),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_that_cannot_begin_changes_nothing(
    backend: StoreBackend, store: Store, write: str
) -> None:
    await put(store, a_notification("n1", 1))
    before = await store.feed(ALICE)

    with backend.held(), pytest.raises(Unavailable) as raised:
        await WRITES[write](store)

    assert raised.value.reason is Reason.STORE_UNAVAILABLE
    assert not isinstance(raised.value, OutcomeUnknown)
    assert await store.feed_and_endpoint(ALICE, "phone") == (before, None)
    await WRITES[write](store)


async def test_a_write_that_fails_on_its_way_changes_nothing(backend: StoreBackend, store: Store) -> None:
    """The feed is written before its rows are, and goes back with them."""
    await put(store, a_notification("n1", 1))
    before = await store.feed(ALICE)

    def append(items: object, view: View) -> Decision[None]:
        return write_rows(view, [a_notification("n2", 2)])

    with backend.broken(), pytest.raises(Unavailable) as raised:
        await store.commit([StubItem(read_set=ReadSet(feed=ALICE))], append)

    assert not isinstance(raised.value, OutcomeUnknown)
    assert await store.feed(ALICE) == before
    await put(store, a_notification("n2", 2))
    assert await store.feed(ALICE) != before


@pytest.mark.parametrize("read", READS)
async def test_a_read_that_fails_says_so_and_the_next_one_works(
    backend: StoreBackend, store: Store, read: str
) -> None:
    await put(store, a_notification("n1", 1))
    expected = await READS[read](store)

    with backend.broken():
        for _ in range(5):
            with pytest.raises(Unavailable):
                await READS[read](store)

    assert await READS[read](store) == expected


@pytest.mark.parametrize("call", [*WRITES.values(), *READS.values()], ids=[*WRITES, *READS])
async def test_a_store_that_is_not_open_is_unavailable(
    backend: StoreBackend, call: Callable[[Store], Awaitable[object]]
) -> None:
    store = backend.store()
    try:
        with pytest.raises(Unavailable):
            await call(store)
    finally:
        await store.close()

    with pytest.raises(Unavailable):
        await call(store)


async def test_closing_finishes_what_has_begun(backend: StoreBackend) -> None:
    async with opened(backend.store()) as store:
        await put(store, a_notification("n1", 1))
        writes = [asyncio.create_task(put(store, a_notification(f"n{n}", n))) for n in range(2, 9)]
        reads = [asyncio.create_task(store.find(ALICE, ids=["n1"])) for _ in range(8)]
        await asyncio.sleep(0)
        await store.close()
        await asyncio.gather(*writes)
        assert await asyncio.gather(*reads) == [[a_notification("n1", 1)]] * 8
        await store.close()

    async with opened(backend.store()) as store:
        assert len((await read_view(store, ReadSet(feed=ALICE, ids=("n1", "n8")))).rows[ALICE]) == 2


@pytest.mark.parametrize("turns", range(12))
async def test_a_store_whose_opening_is_given_up_lets_go_of_its_data(
    backend: StoreBackend, turns: int
) -> None:
    store = backend.store()
    opening = asyncio.create_task(store.open())
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])

    async with opened(backend.store()) as another:
        await put(another, a_notification("n1", 1))


@pytest.mark.parametrize("turns", range(8))
async def test_a_commit_whose_caller_goes_away_is_done_or_not_done(store: Store, turns: int) -> None:
    """The caller is cancelled after so many turns of the event loop: before, in and after the commit."""
    await put(store, a_notification("n1", 1))

    gone = asyncio.create_task(put(store, a_notification("n2", 2), a_notification("n3", 3)))
    for _ in range(turns):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])

    seen = await read_view(store, ReadSet(feed=ALICE, ids=("n2", "n3")))
    feed = seen.feeds[ALICE]
    assert (feed.revision, feed.live, len(seen.rows.get(ALICE, ()))) in {(1, 1, 0), (3, 3, 2)}
    row = a_notification("n4", 4)
    await put(store, row)
    live = feed.live + 1
    assert await store.feed(ALICE) == replace(
        feed, revision=4, live=live, unread=live, size=feed.size + row.size
    )


@pytest.mark.parametrize("turns", range(8))
async def test_reads_whose_callers_go_away_leave_the_store_to_others(store: Store, turns: int) -> None:
    await put(store, a_notification("n1", 1))

    gone = [asyncio.create_task(store.find(ALICE, ids=["n1"])) for _ in range(10)]
    for _ in range(turns):
        await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.wait(gone)

    found = await asyncio.gather(*(store.find(ALICE, ids=["n1"]) for _ in range(10)))
    assert found == [[a_notification("n1", 1)]] * 10


@pytest.mark.parametrize("write", [False, True])
async def test_a_store_that_works_says_so_and_changes_nothing(store: Store, write: bool) -> None:
    await put(store, a_notification("n1", 1))
    before = await store.feed(ALICE)

    await store.check(write=write)

    assert await store.feed(ALICE) == before
    assert store.failures == 0


async def test_a_store_that_cannot_be_written_is_found_out_by_writing(
    backend: StoreBackend, store: Store
) -> None:
    await put(store, a_notification("n1", 1))

    with backend.held():
        await store.check(write=False)
        for _ in range(2):
            with pytest.raises(Unavailable):
                await store.check(write=True)

    await store.check(write=True)


async def test_a_store_that_cannot_be_read_is_found_out_by_reading(
    backend: StoreBackend, store: Store
) -> None:
    with backend.broken(), pytest.raises(Unavailable):
        await store.check(write=True)

    await store.check(write=True)


@pytest.mark.parametrize("call", [WRITES["commit"], READS["find"]], ids=["commit", "find"])
async def test_calls_that_fail_are_counted(
    backend: StoreBackend, store: Store, call: Callable[[Store], Awaitable[object]]
) -> None:
    with backend.broken():
        for count in (1, 2):
            with pytest.raises(Unavailable):
                await call(store)
            assert store.failures == count

    await call(store)
    assert store.failures == 2
