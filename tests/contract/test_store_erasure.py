"""A feed that was taken away is nowhere, a new one begins, and what hangs on the old one goes in steps."""

from tests.contract.backends import StoreBackend, opened
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
)
from unisono.server.model import FeedKey, Platform, TargetPolicy
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet
from unisono.server.store.reads import Bar, EndpointActivity, ListFilter, PurgeBounds

FOR_IOS = TargetPolicy.of([Platform.IOS], [])
EVERYTHING = PurgeBounds(
    tombstones_before=NOW + 1,
    tombstones_per_feed=0,
    endpoints_before=NOW + 1,
    deletions_before=NOW + 1,
    bars_before=NOW,
    limit=100,
)


async def fill(store: Store, key: FeedKey = ALICE) -> None:
    """Put one row of each kind into a feed."""
    name = key.user_id
    await put(
        store,
        a_notification(f"expired of {name}", 1, feed=key, expire_time=NOW),
        a_notification(f"for ios of {name}", 2, feed=key, target=FOR_IOS),
        a_tombstone(f"gone of {name}", 4, feed=key, update_time=NOW),
    )
    await put_endpoints(
        store,
        an_endpoint("phone", feed=key),
        an_endpoint("lost", feed=key, delete_time=NOW),
    )


async def detach(store: Store, key: FeedKey = ALICE) -> int:
    number = await store.detach_feed(key, None)
    assert number is not None
    return number


async def erased(store: Store, number: int, limit: int = 100) -> int:
    """Erase a feed, and return in how many steps."""
    steps = 1
    while not await store.erase(number, limit):
        steps += 1
    return steps


async def test_from_the_commit_on_it_is_nowhere(store: Store) -> None:
    await fill(store)
    await fill(store, BOB)

    await detach(store)

    assert await store.feed_and_endpoint(ALICE, "phone") == (None, None)
    assert await store.standing(ALICE, "phone") == (None, None)
    assert await store.find(ALICE, ids=["expired of alice", "gone of alice"]) == []
    assert await store.endpoints(ALICE) == []
    page = await store.history(ALICE, ListFilter(), before=None, limit=9, max_bytes=999)
    assert (page.standing, list(page.rows)) == (None, [])
    assert [due.id for due in await store.due(NOW, 1)] == ["expired of bob"]


async def test_another_feed_begins(store: Store) -> None:
    await fill(store)
    before = await store.feed(ALICE)
    await detach(store)

    await put(store, a_notification("new", 1))
    view = await read_view(store, ReadSet(feed=ALICE, ids=("for ios of alice", "new")))

    after = await store.feed(ALICE)
    assert before is not None
    assert after is not None
    assert (after.epoch != before.epoch, after.revision, after.live, after.targets) == (True, 1, 1, {})
    assert [row.id for row in view.rows[ALICE]] == ["new"]
    changes = await store.changes(ALICE, after=0, known=0, limit=9, max_bytes=999)
    assert len(changes.rows) == 1


async def test_it_is_erased_in_steps_of_as_many_rows_as_wanted(store: Store) -> None:
    """Three notifications, two endpoints and the counts of a policy are six rows."""
    await fill(store)
    number = await detach(store)

    assert await erased(store, number, limit=1) == 7


async def test_nothing_else_is_erased(store: Store) -> None:
    await fill(store)
    await fill(store, BOB)
    before = await store.feed(BOB)
    number = await detach(store)
    await put(store, a_notification("new", 1))
    await put_endpoints(store, an_endpoint("new phone"))

    await erased(store, number)
    assert await store.forget([number])

    assert await store.feed(BOB) == before
    assert len(await store.find(BOB, ids=["expired of bob", "for ios of bob", "gone of bob"])) == 3
    assert [row.id for row in await store.find(ALICE, ids=["new"])] == ["new"]
    assert [endpoint.endpoint_id for endpoint in await store.endpoints(ALICE)] == ["new phone"]


async def test_what_is_not_forgotten_yet_outlives_the_store(backend: StoreBackend) -> None:
    async with opened(backend.store()) as store:
        await fill(store)
        await fill(store, BOB)
        numbers = [await detach(store), await detach(store, BOB)]
        await store.erase(numbers[0], 2)
    async with opened(backend.store()) as store:
        left = await store.detached_feeds()
        for number in left:
            await erased(store, number)
        assert await store.forget(left[:1])
        rest = await store.detached_feeds()

    assert left == numbers
    assert rest == numbers[1:]


async def test_what_retention_purges_meanwhile_is_not_forgotten_by_that(store: Store) -> None:
    await fill(store)
    number = await detach(store)
    await store.erase(number, 2)

    while await store.purge(EVERYTHING):
        pass

    assert await store.detached_feeds() == [number]


async def test_a_feed_that_is_not_there_is_not_taken_away(store: Store) -> None:
    assert await store.detach_feed(ALICE, None) is None
    await fill(store)
    await detach(store)
    assert await store.detach_feed(ALICE, None) is None


async def test_what_was_acknowledged_before_says_nothing_of_the_new_feed(store: Store) -> None:
    await fill(store)
    before = await store.feed(ALICE)
    assert before is not None
    await detach(store)
    await put_endpoints(store, an_endpoint("phone"))

    await store.record_activity(
        [
            EndpointActivity(
                feed=ALICE,
                endpoint_id="phone",
                time=NOW + 5,
                acknowledged_revision=3,
                feed_epoch=before.epoch,
            )
        ]
    )

    (phone,) = await store.endpoints(ALICE)
    assert (phone.acknowledged_revision, phone.last_seen_time) == (0, NOW + 5)


async def test_bars_are_kept_until_they_are_over(backend: StoreBackend) -> None:
    """The later end counts, and a user without a feed is barred, too."""
    async with opened(backend.store()) as store:
        await store.detach_feed(ALICE, Bar("app", b"alice", NOW + 5))
        await store.detach_feed(ALICE, Bar("app", b"alice", NOW + 1))
        await store.detach_feed(BOB, Bar("app", b"bob", NOW - 1))
        key = store.bar_key
    async with opened(backend.store()) as store:
        before = await store.bars()
        assert await store.purge(EVERYTHING) == 1
        after = await store.bars()
        assert store.bar_key == key

    assert sorted(before) == [("app", b"alice", NOW + 5), ("app", b"bob", NOW - 1)]
    assert after == [("app", b"alice", NOW + 5)]
