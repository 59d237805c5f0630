"""While others write, each read sees one committed state: rows, counters and floor belong together."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.support.builders import ALICE, NOW, a_notification, an_endpoint, put, put_endpoints, removed
from tests.support.encoding import decoded
from unisono.server.model import EVERY_ENDPOINT, Feed, Notification, Platform, TargetPolicy
from unisono.server.store.base import Store
from unisono.server.store.reads import ListFilter, PurgeBounds

ROUNDS = 40
TARGETS = (TargetPolicy.of([Platform.IOS], []), EVERY_ENDPOINT)
PURGE = PurgeBounds(
    tombstones_before=NOW + 1, tombstones_per_feed=9, endpoints_before=0, deletions_before=0, limit=9
)


async def live_a_busy_life(store: Store) -> None:
    """Two come, one goes, and now and then its tombstone is purged."""
    for revision in range(4, 3 * ROUNDS, 3):
        rows = [a_notification(f"n{revision + n}", revision + n, target=TARGETS[n]) for n in (0, 1)]
        await put(store, *rows)
        await put(store, removed(rows[0], revision + 2))
        if revision % 5 == 0:
            await store.purge(PURGE)


async def while_busy(store: Store, look: Callable[[], Awaitable[None]]) -> None:
    """Look again and again until the life is over."""
    await put(store, a_notification("n3", 3))
    looks = 0
    async with asyncio.TaskGroup() as group:
        life = group.create_task(live_a_busy_life(store))
        while not life.done():
            await look()
            looks += 1
    assert looks > 5


def check(feed: Feed, live: list[Notification]) -> None:
    assert feed.live == len(live)
    assert feed.size == sum(row.size for row in live)
    assert feed.unread == sum(row.counts_as_unread for row in live if not row.target.key)
    targets = Counter(row.target.key for row in live if row.target.key)
    assert {key: counts.live for key, counts in feed.targets.items()} == targets


async def test_changes(store: Store) -> None:
    async def look() -> None:
        found = await store.changes(ALICE, after=0, known=0, limit=999, max_bytes=1 << 30)
        rows = [decoded(row) for row in found.rows]
        check(found.feed, [row for row in rows if row.live])
        assert found.complete
        assert max((found.feed.floor, *(row.revision for row in rows))) == found.feed.revision
        assert all(row.revision > found.feed.floor for row in rows if not row.live)

    await while_busy(store, look)


async def test_pages_of_changes(store: Store) -> None:
    async def look() -> None:
        page = await store.list_changes(ALICE, after=0, base=0, audience=None, limit=999, max_bytes=1 << 30)
        assert page.standing is not None
        assert max((page.floor, *(row.revision for row in page.rows))) == page.standing.revision
        assert all(row.revision > page.floor for row in page.rows if row.removal is not None)

    await while_busy(store, look)


async def test_history(store: Store) -> None:
    async def look() -> None:
        page = await store.history(ALICE, ListFilter(), before=None, limit=999, max_bytes=1 << 30)
        revisions = [row.revision for row in page.rows]
        assert page.standing is not None
        assert page.standing.revision - max(revisions) in (0, 1)

    await while_busy(store, look)


async def test_feed_and_endpoint(store: Store) -> None:
    """The endpoint acknowledges nothing that the feed has not reached."""
    await put(store, a_notification("n1", 1))
    await put_endpoints(store, an_endpoint("phone", acknowledged_revision=1))

    async def write() -> None:
        for revision in range(2, ROUNDS):
            await put(store, a_notification(f"n{revision}", revision))
            await put_endpoints(store, an_endpoint("phone", acknowledged_revision=revision))

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write())
        while not writing.done():
            feed, endpoint = await store.feed_and_endpoint(ALICE, "phone")
            assert feed is not None
            assert endpoint is not None
            assert feed.revision - endpoint.acknowledged_revision in (0, 1)


@pytest.mark.parametrize("size", [1, 200])
async def test_what_a_commit_wrote_is_seen_by_every_read_after_it(store: Store, size: int) -> None:
    for revision in range(1, 20):
        await put(store, *(a_notification(f"n{revision}-{n}", revision * size + n) for n in range(size)))

        feeds = await asyncio.gather(*(store.feed(ALICE) for _ in range(4)))

        assert {feed and feed.live for feed in feeds} == {revision * size}
