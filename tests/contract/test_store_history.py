"""The history: live rows, newest first, narrowed by filters, in pages, with the feed of the same moment."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.builders import ALICE, BOB, NOW, a_notification, a_tombstone, put
from tests.support.encoding import decoded
from unisono.server.model import (
    Audience,
    Platform,
    ReadState,
    TargetPolicy,
    UserActionState,
)
from unisono.server.store.base import Store
from unisono.server.store.reads import EncodedRow, HistoryPage, ListFilter, Standing

EVERYTHING = ListFilter()


async def history(
    store: Store,
    where: ListFilter = EVERYTHING,
    *,
    before: int | None = None,
    limit: int = 100,
    max_bytes: int = 1 << 20,
) -> HistoryPage:
    return await store.history(ALICE, where, before=before, limit=limit, max_bytes=max_bytes)


async def standing(store: Store) -> Standing:
    feed = await store.feed(ALICE)
    assert feed is not None
    return Standing(feed.epoch, feed.revision)


def ids(rows: Sequence[EncodedRow]) -> list[str]:
    return [decoded(row).id for row in rows]


async def test_where_there_is_no_feed_there_is_no_history(store: Store) -> None:
    await put(store, a_notification("bob's", 1, feed=BOB))

    page = await history(store)

    assert page == HistoryPage(standing=None, rows=page.rows, resume_before=None)
    assert not page.rows


async def test_live_rows_come_newest_first_by_creation_with_payloads(store: Store) -> None:
    rows = [a_notification("old", 9, create_revision=1), a_notification("new", 2)]
    await put(store, *rows, a_tombstone("gone", 10), a_notification("bob's", 1, feed=BOB))

    page = await history(store)

    assert [decoded(row) for row in page.rows] == [rows[1], rows[0]]
    assert page.resume_before is None
    assert page.standing == await standing(store)


async def test_an_empty_history_still_says_where_its_feed_stands(store: Store) -> None:
    await put(store, a_tombstone("gone", 3))

    page = await history(store)

    assert (list(page.rows), page.resume_before, page.standing) == ([], None, await standing(store))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"read_state": ReadState.READ}, ["n4", "n2"]),
        ({"read_state": ReadState.UNREAD}, ["n5", "n3", "n1"]),
        ({"user_action_state": UserActionState.DISMISSED}, ["n3", "n2"]),
        ({"group_name": "work"}, ["n5", "n2"]),
        ({"group_name": ""}, ["n4", "n3", "n1"]),
        ({"category": "mention"}, ["n4"]),
        ({"category": ""}, ["n5", "n3", "n2", "n1"]),
        ({"start_time": NOW + 3}, ["n5", "n4", "n3"]),
        ({"end_time": NOW + 3}, ["n2", "n1"]),
        ({"start_time": NOW + 2, "end_time": NOW + 4}, ["n3", "n2"]),
        ({"audience": Audience("phone", Platform.IOS)}, ["n5", "n3", "n2", "n1"]),
        ({"audience": Audience("laptop", Platform.LINUX)}, ["n4", "n3", "n2", "n1"]),
        ({"read_state": ReadState.READ, "group_name": "work"}, ["n2"]),
        ({"read_state": ReadState.READ, "group_name": "play"}, []),
    ],
)
async def test_a_filter_narrows_it(store: Store, where: dict[str, Any], expected: list[str]) -> None:
    dismissed = UserActionState.DISMISSED
    await put(
        store,
        a_notification("n1", 1, create_time=NOW + 1),
        a_notification(
            "n2",
            2,
            create_time=NOW + 2,
            group_name="work",
            read_state=ReadState.READ,
            user_action_state=dismissed,
        ),
        a_notification("n3", 3, create_time=NOW + 3, user_action_state=dismissed),
        a_notification(
            "n4",
            4,
            create_time=NOW + 4,
            category="mention",
            read_state=ReadState.READ,
            target=TargetPolicy.of([Platform.LINUX], []),
        ),
        a_notification(
            "n5", 5, create_time=NOW + 5, group_name="work", target=TargetPolicy.of([], ["phone"])
        ),
    )

    page = await history(store, ListFilter(**where))

    assert (ids(page.rows), page.resume_before) == (expected, None)


async def test_pages_go_on_below_the_last_row(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in range(1, 6)))

    pages = [await history(store, before=before, limit=2) for before in (None, 4, 2)]

    assert [ids(page.rows) for page in pages] == [["n5", "n4"], ["n3", "n2"], ["n1"]]
    assert [page.resume_before for page in pages] == [4, 2, None]


async def test_a_page_that_is_the_last_says_so(store: Store) -> None:
    rows = [a_notification(f"n{n}", n, group_name="work" if n > 2 else "") for n in (1, 2, 3, 4)]
    await put(store, *rows)

    assert (await history(store, limit=4)).resume_before is None
    assert (await history(store, ListFilter(group_name="work"), limit=2)).resume_before is None
    assert (await history(store, ListFilter(group_name="work"), limit=1)).resume_before == 4


@pytest.mark.parametrize(
    ("max_bytes", "expected", "resume_before"),
    [(0, ["n3"], 3), (29, ["n3"], 3), (30, ["n3", "n2"], 2), (40, ["n3", "n2", "n1"], None)],
)
async def test_a_page_ends_at_the_limit_of_bytes(
    store: Store, max_bytes: int, expected: list[str], resume_before: int | None
) -> None:
    sizes = {"n1": 10, "n2": 20, "n3": 10}
    rows = (a_notification(id_, n, payload=b"x" * sizes[id_]) for n, id_ in enumerate(sizes, 1))
    await put(store, *rows)

    page = await history(store, max_bytes=max_bytes)

    assert (ids(page.rows), page.resume_before) == (expected, resume_before)


async def test_a_filter_looks_at_so_many_rows_and_says_where_it_stopped(store: Store) -> None:
    rows = [a_notification(f"n{n}", n, group_name="work" if n in (2, 7) else "") for n in range(1, 9)]
    await put(store, *rows, a_tombstone("gone", 20, create_revision=9))

    async def page(before: int | None, limit: int = 2) -> tuple[list[str], int | None]:
        where = ListFilter(group_name="work")
        found = await store.history(
            ALICE, where, before=before, limit=limit, max_bytes=1 << 20, max_examined=3
        )
        return ids(found.rows), found.resume_before

    assert await page(None) == (["n7"], 6)
    assert await page(6) == ([], 3)
    assert await page(3) == (["n2"], None)
    assert await page(None, limit=1) == (["n7"], 6)
    assert await page(None, limit=9) == (["n7", "n2"], None)


async def test_without_a_filter_a_page_is_as_long_as_asked_for(store: Store) -> None:
    await put(store, *(a_notification(f"n{n}", n) for n in range(1, 9)))

    page = await store.history(ALICE, EVERYTHING, before=None, limit=7, max_bytes=1 << 20, max_examined=3)

    assert (len(page.rows), page.resume_before) == (7, 2)


async def test_rows_are_found_by_id_and_by_key_live_or_not(store: Store) -> None:
    rows = [
        a_notification("n1", 1, app_notification_id="key"),
        a_tombstone("n2", 2, app_notification_id="key"),
        a_notification("n3", 3),
    ]
    older = a_tombstone("n0", 1, create_revision=0, app_notification_id="key")
    others = [older, a_notification("n4", 4), a_notification("bob's", 1, feed=BOB, app_notification_id="key")]
    await put(store, *rows, *others)

    found = await store.find(ALICE, ids=["n1", "n3", "bob's", "nobody"], keys=["key", ""])

    assert sorted(found, key=lambda row: row.id) == rows
    assert await store.find(BOB, ids=["n1"]) == []
    assert await store.find(ALICE._replace(user_id="nobody"), ids=["n1"], keys=["key"]) == []
