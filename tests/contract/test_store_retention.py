"""What time has come for is found, and what is old enough is forgotten, floor and all."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import (
    ALICE,
    BOB,
    NOW,
    a_notification,
    a_tombstone,
    an_endpoint,
    put,
    put_endpoints,
    read_view,
    removed,
)
from tests.support.encoding import decoded
from unisono.server.model import FeedKey, UserActionState
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet
from unisono.server.store.reads import Due, EndpointActivity, PurgeBounds


def retention(**what: Any) -> PurgeBounds:
    """Keeps everything but what the test says."""
    never = {"tombstones_before": 0, "endpoints_before": 0, "deletions_before": 0}
    return PurgeBounds(**{**never, "tombstones_per_feed": 1000, "limit": 100, **what})


async def left(store: Store, key: FeedKey = ALICE) -> tuple[list[str], int]:
    """The ids that a feed still has, and its floor."""
    found = await store.changes(key, after=0, known=0, limit=1000, max_bytes=1 << 20)
    return [decoded(row).id for row in found.rows], found.feed.floor


async def counted(store: Store) -> int | None:
    """The number of endpoints that Alice's feed has in its row."""
    feed = await store.feed(ALICE)
    return feed.endpoints if feed else None


async def test_what_expires_and_what_wakes_is_due_the_earliest_first(store: Store) -> None:
    snoozed = {"user_action_state": UserActionState.SNOOZED, "expire_time": NOW + 100}
    await put(
        store,
        a_notification("expires now", 1, expire_time=NOW),
        a_notification("expired", 2, expire_time=NOW - 5),
        a_notification("later", 3, expire_time=NOW + 1),
        a_notification("wakes", 4, snooze_until=NOW - 2, **snoozed),
        a_notification("sleeps", 5, snooze_until=NOW + 1, **snoozed),
        a_tombstone("gone", 6, expire_time=NOW - 9),
        a_notification("just expired", 7, expire_time=NOW - 1),
        a_notification("bob's", 1, feed=BOB, expire_time=NOW - 3),
    )

    assert await store.due(NOW, 10) == [
        Due(feed=ALICE, id="expired", time=NOW - 5),
        Due(feed=BOB, id="bob's", time=NOW - 3),
        Due(feed=ALICE, id="wakes", time=NOW - 2),
        Due(feed=ALICE, id="just expired", time=NOW - 1),
        Due(feed=ALICE, id="expires now", time=NOW),
    ]


async def test_what_is_due_for_both_reasons_is_due_once(store: Store) -> None:
    snoozed = UserActionState.SNOOZED
    await put(
        store, a_notification("n1", 1, expire_time=NOW, snooze_until=NOW - 1, user_action_state=snoozed)
    )

    assert [(due.feed, due.id) for due in await store.due(NOW, 10)] == [(ALICE, "n1")]


async def test_a_snooze_ends_at_its_time(store: Store) -> None:
    row = a_notification("n1", 1, snooze_until=NOW, user_action_state=UserActionState.SNOOZED)
    await put(store, row)

    assert await store.due(NOW - 1, 10) == []
    assert await store.due(NOW, 10) == [Due(feed=ALICE, id="n1", time=NOW)]


async def test_at_most_so_many_are_due(store: Store) -> None:
    snoozed = UserActionState.SNOOZED
    await put(store, *(a_notification(f"e{n}", n, expire_time=NOW - n) for n in range(1, 4)))
    await put(
        store,
        *(a_notification(f"s{n}", n, snooze_until=NOW - n, user_action_state=snoozed) for n in range(4, 7)),
    )

    assert [due.id for due in await store.due(NOW, 4)] == ["s6", "s5", "s4", "e3"]


async def test_what_was_settled_is_due_no_more(store: Store) -> None:
    row = a_notification("n1", 1, expire_time=NOW)
    await put(store, row)
    await put(store, removed(row, 2))

    assert await store.due(NOW + 1000, 10) == []


async def test_old_tombstones_go_and_raise_the_floor(store: Store) -> None:
    await put(
        store,
        a_tombstone("old", 1, update_time=NOW - 20),
        a_notification("live", 2, update_time=NOW - 20),
        a_tombstone("older", 3, update_time=NOW - 10),
        a_tombstone("young", 4, update_time=NOW),
        a_tombstone("bob's", 7, feed=BOB, update_time=NOW - 1),
    )
    await put_endpoints(store, an_endpoint("phone", feed=BOB))

    assert await store.purge(retention(tombstones_before=NOW)) == 3
    assert (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE] == await store.feed(ALICE)

    assert await left(store) == (["live", "young"], 3)
    assert await left(store, BOB) == ([], 7)
    assert await store.purge(retention(tombstones_before=NOW)) == 0


async def test_the_floor_never_falls(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"))
    await put(store, a_tombstone("n5", 5, update_time=1))
    await store.purge(retention(tombstones_before=NOW))
    assert await left(store) == ([], 5)

    await put(store, a_notification("n6", 6))

    assert await left(store) == (["n6"], 5)


async def test_within_a_feed_lower_revisions_go_first_even_if_the_clock_went_back(store: Store) -> None:
    await put_endpoints(store, an_endpoint("phone"))
    await put(store, a_tombstone("n1", 1, update_time=NOW + 50), a_tombstone("n2", 2, update_time=NOW - 1))

    await store.purge(retention(tombstones_before=NOW, limit=1))
    assert await left(store) == (["n2"], 1)

    await store.purge(retention(tombstones_before=NOW, limit=1))
    assert await left(store) == ([], 2)


async def test_the_oldest_tombstones_beyond_the_limit_of_a_feed_go(store: Store) -> None:
    await put(store, *(a_tombstone(f"n{n}", n) for n in range(1, 6)))
    await put(store, *(a_tombstone(f"b{n}", n, feed=BOB) for n in range(1, 4)))

    assert await store.purge(retention(tombstones_per_feed=3)) == 2

    assert await left(store) == (["n3", "n4", "n5"], 2)
    assert await left(store, BOB) == (["b1", "b2", "b3"], 0)


async def test_the_limit_of_a_feed_counts_every_way_of_becoming_a_tombstone(store: Store) -> None:
    """Removed after it was created, removed by the commit that created it, written again, and purged."""
    row = a_notification("n1", 1)
    await put(store, row)
    await put(store, removed(row, 2), a_tombstone("n3", 3))
    await put(store, replace(removed(row, 4), update_time=NOW + 1))
    assert await store.purge(retention(tombstones_per_feed=2)) == 0

    assert await store.purge(retention(tombstones_per_feed=1)) == 1
    assert await left(store) == (["n1"], 3)

    await put(store, a_tombstone("n5", 5))
    assert await store.purge(retention(tombstones_per_feed=2)) == 0
    assert await store.purge(retention(tombstones_per_feed=0)) == 2


async def test_one_call_forgets_no_more_than_its_limit(store: Store) -> None:
    await put(store, *(a_tombstone(f"n{n}", n, update_time=n) for n in range(1, 11)))
    await put(store, *(a_tombstone(f"b{n}", n, feed=BOB, update_time=n) for n in range(1, 11)))
    await put_endpoints(store, *(an_endpoint(f"e{n}", last_seen_time=n) for n in range(5)))
    left = (an_endpoint(f"w{n}", last_seen_time=NOW + n, ephemeral=True) for n in range(5))
    await put_endpoints(store, *left)
    what = retention(tombstones_before=NOW, endpoints_before=NOW, ephemeral_before=2 * NOW, limit=4)

    steps = [await store.purge(what) for _ in range(10)]

    assert sum(steps) == 30
    assert max(steps) <= 4
    assert steps[-1] == 0
    assert [await store.feed(key) for key in (ALICE, BOB)] == [None, None]


async def test_nor_does_it_for_many_feeds_with_too_many_tombstones(store: Store) -> None:
    keys = [ALICE._replace(user_id=f"user{n}") for n in range(3)]
    for key in keys:
        await put(store, *(a_tombstone(f"{key.user_id}-{n}", n, feed=key) for n in range(1, 6)))
    what = retention(tombstones_per_feed=1, limit=5)

    assert [await store.purge(what) for _ in range(4)] == [5, 5, 2, 0]
    assert [(len((await left(store, key))[0]), (await left(store, key))[1]) for key in keys] == [(1, 4)] * 3


@pytest.mark.parametrize("last", ["a tombstone", "an endpoint", "a deletion"])
async def test_a_feed_that_holds_nothing_is_forgotten_and_begins_anew(store: Store, last: str) -> None:
    if last == "a tombstone":
        await put(store, a_tombstone("gone", 7, update_time=NOW - 1))
    else:
        gone = last == "a deletion"
        await put_endpoints(
            store, an_endpoint("phone", last_seen_time=NOW - 1, delete_time=NOW - 1 if gone else None)
        )
    before = await store.feed(ALICE)
    assert before is not None
    what = retention(tombstones_before=NOW, endpoints_before=NOW, deletions_before=NOW)

    assert await store.purge(what) == 1
    assert await store.feed(ALICE) is None
    assert await store.standing(ALICE, "phone") == (None, None)
    assert await store.purge(what) == 0

    await put(store, a_notification("n1", 1))
    after = await store.feed(ALICE)
    assert after is not None
    assert (after.revision, after.floor) == (1, 0)
    assert after.epoch != before.epoch


@pytest.mark.parametrize("left", ["live", "a tombstone", "an endpoint", "a deletion"])
async def test_a_feed_that_holds_anything_stays(store: Store, left: str) -> None:
    await put(store, a_tombstone("gone", 2, update_time=NOW - 1))
    if left == "live":
        await put(store, a_notification("n3", 3))
    elif left == "a tombstone":
        await put(store, a_tombstone("n4", 4))
    else:
        await put_endpoints(store, an_endpoint("phone", delete_time=NOW if left == "a deletion" else None))
    before = await store.feed(ALICE)
    assert before is not None

    assert await store.purge(retention(tombstones_before=NOW)) == 1

    assert await store.feed(ALICE) == replace(before, floor=2)


async def test_endpoints_that_are_unseen_and_without_a_session_go(store: Store) -> None:
    await put_endpoints(
        store,
        an_endpoint("unseen", last_seen_time=NOW - 1),
        an_endpoint("listening", last_seen_time=NOW - 1, session_id="s"),
        an_endpoint("seen", last_seen_time=NOW),
        an_endpoint("deleted", last_seen_time=NOW - 1, delete_time=NOW),
    )

    assert await store.purge(retention(endpoints_before=NOW)) == 1

    assert await counted(store) == 2
    assert [endpoint.endpoint_id for endpoint in await store.endpoints(ALICE)] == ["listening", "seen"]
    assert (await store.feed_and_endpoint(ALICE, "unseen"))[1] is None
    assert (await store.feed_and_endpoint(ALICE, "deleted"))[1] is not None


async def test_so_do_ephemeral_ones_in_a_time_of_their_own(store: Store) -> None:
    await put_endpoints(
        store,
        an_endpoint("left", last_seen_time=NOW - 1, ephemeral=True),
        an_endpoint("listening", last_seen_time=NOW - 1, ephemeral=True, session_id="s"),
        an_endpoint("just left", last_seen_time=NOW - 1, ephemeral=True),
        an_endpoint("deleted", last_seen_time=NOW - 1, ephemeral=True, delete_time=NOW),
        an_endpoint("ordinary", last_seen_time=NOW - 1),
        an_endpoint("bob's", feed=BOB, last_seen_time=NOW - 1, ephemeral=True),
    )
    await store.record_activity([EndpointActivity(feed=ALICE, endpoint_id="just left", time=NOW)])

    assert await store.purge(retention(ephemeral_before=NOW)) == 2

    assert await counted(store) == 3
    here = ["listening", "just left", "ordinary"]
    assert [endpoint.endpoint_id for endpoint in await store.endpoints(ALICE)] == here
    assert (await store.feed_and_endpoint(ALICE, "left"))[1] is None
    assert (await store.feed_and_endpoint(ALICE, "deleted"))[1] is not None
    assert await store.feed(BOB) is None
    assert await store.purge(retention(ephemeral_before=NOW)) == 0


async def test_records_of_deleted_endpoints_go_in_their_time(store: Store) -> None:
    await put_endpoints(
        store,
        an_endpoint("long ago", delete_time=NOW - 1),
        an_endpoint("lately", delete_time=NOW),
        an_endpoint("present"),
    )

    assert await store.purge(retention(deletions_before=NOW)) == 1

    assert await counted(store) == 1
    assert (await store.feed_and_endpoint(ALICE, "long ago"))[1] is None
    assert (await store.feed_and_endpoint(ALICE, "lately"))[1] is not None
    assert len(await store.endpoints(ALICE)) == 1
