"""What follows a revision: the net state, for one endpoint, in pages, with the feed of the same moment."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.support.builders import ALICE, BOB, a_notification, a_payload, a_tombstone, put, removed
from tests.support.encoding import decoded
from unisono.server.model import Audience, Feed, Notification, Platform, ReadState, TargetPolicy
from unisono.server.store.base import Store

PHONE = Audience("phone", Platform.IOS)
PLENTY = 1 << 20


class Found(NamedTuple):
    """A page, with its rows as they were before they were encoded."""

    feed: Feed
    rows: Sequence[Notification]
    complete: bool


async def changes(
    store: Store,
    *,
    after: int = 0,
    known: int = 0,
    limit: int = 100,
    max_bytes: int = PLENTY,
) -> Found:
    page = await store.changes(ALICE, after=after, known=known, limit=limit, max_bytes=max_bytes)
    return Found(page.feed, [decoded(row) for row in page.rows], page.complete)


def ids(rows: Sequence[Notification]) -> list[str]:
    return [row.id for row in rows]


def sized(id_: str, revision: int, size: int) -> Notification:
    return a_notification(id_, revision, payload=b"x" * size)


async def test_where_there_is_no_feed_there_is_nothing_to_follow(store: Store) -> None:
    await put(store, a_notification("bob's", 1, feed=BOB))

    with pytest.raises(LookupError):
        await changes(store)


async def test_a_new_feed_is_complete(store: Store) -> None:
    await put(store, a_notification("n1", 1))

    found = await changes(store, after=1)

    assert (found.rows, found.complete, found.feed) == ([], True, await store.feed(ALICE))


async def test_rows_come_as_they_are_now_in_the_order_of_revisions(store: Store) -> None:
    one, two, three = (a_notification(f"n{n}", n) for n in (1, 2, 3))
    await put(store, one, two, three)
    one = replace(one, revision=4, read_state=ReadState.READ)
    await put(store, one)
    await put(store, removed(two, 5))

    found = await changes(store)

    assert found.rows == [three, one, removed(two, 5)]
    assert found.complete
    assert found.feed == await store.feed(ALICE)


async def test_only_what_follows_comes(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in range(1, 6)))
    await put(store, a_notification("bob's", 9, feed=BOB))

    assert ids((await changes(store, after=3)).rows) == ["n4", "n5"]
    assert ids((await changes(store, after=5)).rows) == []
    assert (await changes(store, after=2**53)).complete


async def test_payloads_come_with_content_that_is_not_known(store: Store) -> None:
    await put(
        store,
        a_notification("marked", 5, create_revision=2),
        a_notification("patched", 6, create_revision=1, content_revision=3),
        a_notification("new", 7),
        a_tombstone("gone", 8, content_revision=4),
    )

    found = await changes(store, after=4, known=2)

    assert {row.id: row.payload is not None for row in found.rows} == {
        "marked": False,
        "patched": True,
        "new": True,
        "gone": False,
    }


async def test_each_says_for_whom_it_is_meant(store: Store) -> None:
    targets = [
        TargetPolicy(),
        TargetPolicy.of([Platform.LINUX, Platform.WEB], ["watch", "schön 🦉"]),
        TargetPolicy.of([], ["phone"]),
    ]
    await put(
        store,
        a_notification("all", 1, target=targets[0]),
        a_notification("some", 2, target=targets[1]),
        a_tombstone("gone", 4, target=targets[2]),
    )

    found = await store.changes(ALICE, after=0, known=0, limit=9, max_bytes=PLENTY)

    assert [row.target for row in found.rows] == [target.key for target in targets]
    assert found.complete


async def test_a_page_ends_at_the_limit_of_rows(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in range(1, 6)))

    pages = [await changes(store, after=after, limit=2) for after in (0, 2, 4)]

    assert [ids(page.rows) for page in pages] == [["n1", "n2"], ["n3", "n4"], ["n5"]]
    assert [page.complete for page in pages] == [False, False, True]


async def test_a_page_of_exactly_the_limit_is_complete(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in (1, 2)))

    assert (await changes(store, limit=2)).complete


@pytest.mark.parametrize(
    ("max_bytes", "expected", "complete"),
    [
        (0, ["n1"], False),
        (19, ["n1"], False),
        (20, ["n1", "n2"], False),
        (29, ["n1", "n2"], False),
        (30, ["n1", "n2", "n3"], True),
    ],
)
async def test_a_page_ends_at_the_limit_of_bytes(
    store: Store, max_bytes: int, expected: list[str], complete: bool
) -> None:
    await put(store, *(sized(f"n{n}", n, 10) for n in (1, 2, 3)))

    found = await changes(store, max_bytes=max_bytes)

    assert (ids(found.rows), found.complete) == (expected, complete)


async def test_one_row_comes_however_large_it_is(store: Store) -> None:
    await put(store, sized("huge", 1, 50_000), sized("small", 2, 1))

    found = await changes(store, max_bytes=10)

    assert (ids(found.rows), found.complete) == (["huge"], False)
    assert found.rows[0].payload == b"x" * 50_000


async def test_bytes_of_text_are_counted_as_on_the_wire(store: Store) -> None:
    payload = a_payload("ü" * 5, "🦉" * 5)
    await put(store, a_notification("n1", 1, payload=payload), sized("n2", 2, 1))

    assert ids((await changes(store, max_bytes=len(payload))).rows) == ["n1"]
    assert ids((await changes(store, max_bytes=len(payload) + 1)).rows) == ["n1", "n2"]


async def test_payloads_that_do_not_come_do_not_count(store: Store) -> None:
    known = (replace(sized(f"n{n}", n + 10, 1000), create_revision=n, content_revision=n) for n in (2, 3, 4))
    await put(store, *known, a_tombstone("gone", 15))

    found = await changes(store, known=10, max_bytes=10)

    assert (ids(found.rows), found.complete) == (["n2", "n3", "n4", "gone"], True)


async def test_pages_together_are_the_whole(store: Store) -> None:
    rows = [sized(f"n{n}", n, n * 7 % 30) for n in range(101, 160)]
    since_changed = [replace(row, create_revision=row.revision - 100) for row in rows[::3]]
    await put(store, *sorted([*since_changed, *rows[1::3], *rows[2::3]], key=lambda row: row.id))

    cursor, found, complete = 0, [], False
    while not complete:
        page = await changes(store, after=cursor, limit=7, max_bytes=60)
        cursor, complete = page.rows[-1].revision, page.complete
        found += ids(page.rows)

    assert found == [f"n{n}" for n in range(101, 160)]
