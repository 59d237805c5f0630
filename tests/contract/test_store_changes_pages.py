"""Pages of what changed after a revision: live rows and tombstones, for one endpoint, of bounded effort."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.builders import ALICE, BOB, NOW, a_notification, a_tombstone, put, removed
from tests.support.encoding import decoded
from unisono.server.model import Audience, Notification, Platform, ReadState, TargetPolicy
from unisono.server.store.base import Store
from unisono.server.store.reads import ChangesPage, PurgeBounds, Standing

PHONE = Audience("phone", Platform.IOS)
PLENTY = 1 << 20
ALL_TOMBSTONES = PurgeBounds(
    tombstones_before=NOW + 1, tombstones_per_feed=9, endpoints_before=0, deletions_before=0, limit=99
)


async def changed(
    store: Store,
    *,
    after: int = 0,
    base: int = 0,
    audience: Audience | None = None,
    limit: int = 100,
    max_bytes: int = PLENTY,
    max_examined: int = 1000,
) -> ChangesPage:
    return await store.list_changes(
        ALICE,
        after=after,
        base=base,
        audience=audience,
        limit=limit,
        max_bytes=max_bytes,
        max_examined=max_examined,
    )


def rows(page: ChangesPage) -> Sequence[Notification]:
    """The rows as they were before they were encoded."""
    return [decoded(row) for row in page.rows]


def revisions(page: ChangesPage) -> list[int]:
    return [row.revision for row in page.rows]


def marked(revision: int, created: int) -> Notification:
    """Something that was changed since it was created, and keeps its content."""
    return a_notification(f"n{created}", revision, create_revision=created, read_state=ReadState.READ)


async def test_where_there_is_no_feed_there_is_no_standing(store: Store) -> None:
    await put(store, a_notification("bob's", 1, feed=BOB))

    assert await changed(store) == ChangesPage(standing=None, floor=0, rows=(), resume_after=None)


async def test_live_rows_with_content_and_tombstones_come_in_the_order_of_revisions(store: Store) -> None:
    one, two, three = (a_notification(f"n{n}", n) for n in (1, 2, 3))
    await put(store, one, two, three, a_notification("bob's", 9, feed=BOB))
    one = replace(one, revision=4, read_state=ReadState.READ)
    await put(store, one)
    await put(store, removed(two, 5))

    page = await changed(store)
    feed = await store.feed(ALICE)

    assert rows(page) == [three, one, removed(two, 5)]
    assert page.resume_after is None
    assert feed is not None
    assert page.standing == Standing(feed.epoch, 5)
    assert revisions(await changed(store, after=3)) == [4, 5]
    assert revisions(await changed(store, after=5)) == []


async def test_only_tombstones_above_the_base_come(store: Store) -> None:
    await put(store, a_tombstone("a", 2), a_notification("b", 3), a_tombstone("c", 5))

    assert revisions(await changed(store, base=2)) == [3, 5]
    assert revisions(await changed(store, base=5)) == [3]


async def test_an_endpoint_gets_what_is_meant_for_it(store: Store) -> None:
    targets = [
        TargetPolicy(),
        TargetPolicy.of([Platform.IOS], []),
        TargetPolicy.of([Platform.WEB], ["tv"]),
        TargetPolicy.of([], ["phone"]),
    ]
    live = [a_notification(f"n{n}", n, target=target) for n, target in enumerate(targets, 1)]
    gone = [a_tombstone(f"t{n}", 2 * n + 6, target=target) for n, target in enumerate(targets, 1)]
    await put(store, *live, *gone)

    assert revisions(await changed(store, audience=PHONE)) == [1, 2, 4, 8, 10, 14]


async def test_the_floor_is_told(store: Store) -> None:
    await put(store, a_tombstone("gone", 2), a_notification("n3", 3))
    assert (await changed(store)).floor == 0

    await store.purge(ALL_TOMBSTONES)

    page = await changed(store)
    assert (page.floor, revisions(page)) == (2, [3])


@pytest.mark.parametrize(
    ("limit", "max_bytes", "expected", "resume_after"),
    [
        (1, PLENTY, [1], 1),
        (2, PLENTY, [1, 2], 2),
        (3, PLENTY, [1, 2, 3], None),
        (9, 19, [1], 1),
        (9, 20, [1, 2], 2),
        (9, 0, [1], 1),
        (9, 30, [1, 2, 3], None),
    ],
)
async def test_a_page_ends_at_the_limits_of_rows_and_bytes(
    store: Store, limit: int, max_bytes: int, expected: list[int], resume_after: int | None
) -> None:
    await put(store, *(a_notification(f"n{n}", n, payload=b"x" * 10) for n in (1, 2, 3)))

    page = await changed(store, limit=limit, max_bytes=max_bytes)

    assert (revisions(page), page.resume_after) == (expected, resume_after)


async def test_a_page_that_has_examined_enough_is_short_and_says_where_to_go_on(store: Store) -> None:
    """Of ten that it may examine, five are of what was created, and five of what was changed since."""
    for_tv = TargetPolicy.of([], ["tv"])
    created = [a_notification(f"n{n}", n, target=for_tv) for n in range(11, 18)]
    since = [replace(marked(n, n - 30), target=for_tv) for n in range(31, 38)]
    await put(store, *created, *since, a_notification("n40", 40))
    ends: list[int | None] = [0]
    found: list[int] = []

    while (after := ends[-1]) is not None:
        page = await changed(store, after=after, audience=PHONE, limit=1, max_examined=10)
        found += revisions(page)
        ends.append(page.resume_after)

    assert ends == [0, 5, 13, 35, None]
    assert found == [40]


async def test_a_page_that_ends_with_the_feed_is_the_last(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in (1, 2)))

    assert (await changed(store, limit=2, max_examined=4)).resume_after is None


async def test_pages_together_are_the_whole(store: Store) -> None:
    since = [marked(n, n - 300) for n in range(401, 460, 3)]
    gone = [a_tombstone(f"t{n}", n, create_revision=n - 200) for n in range(402, 460, 3)]
    created = [a_notification(f"c{n}", n) for n in range(403, 460, 3)]
    await put(store, *since, *gone, *created)

    after: int | None = 0
    found: list[int] = []
    while after is not None:
        page = await changed(store, after=after, limit=7, max_bytes=200, max_examined=8)
        found += revisions(page)
        after = page.resume_after

    assert found == list(range(401, 460))
