"""What a commit reads and writes does not grow with what it leaves alone: counted in steps of SQLite."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.counting import Watch
from tests.contract.sqlite_files import a_store
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
from unisono.server.core.decide.endpoints import Register, decide_endpoints
from unisono.server.model import (
    Audience,
    Limits,
    Platform,
    ReadState,
    TargetPolicy,
)
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet, Room, SendKey
from unisono.server.store.reads import ListFilter, PurgeBounds

#: What indexes of notifications know, but for what never changes.
INDEXED = ("revision", "snooze_until", "expire_time", "fingerprint", "removal")
NOBODYS = TargetPolicy.of([], ["nobody"])


@pytest.fixture
def store(watched_store: Store) -> Store:
    return watched_store


async def test_counts_of_target_policies_are_read_only_where_they_are_wanted(
    watch: Watch, tmp_path: Path
) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1), a_notification("targeted", 1, feed=BOB, target=NOBODYS))
        await put_endpoints(store, an_endpoint("phone", feed=BOB))
    async with opened(a_store(path)) as store:
        asked = {
            "a feed without any": store.feed(ALICE),
            "a send to it": put(store, a_notification("n2", 2)),
            "a tick": store.standing(BOB, "phone"),
            "a list": store.history(BOB, ListFilter(), before=None, limit=9, max_bytes=9),
            "a list of changes": store.list_changes(
                BOB, after=0, base=0, audience=Audience("tv", Platform.WEB), limit=9, max_bytes=9
            ),
            "a feed with some": store.feed(BOB),
            "a send to it anew": put(store, a_notification("b2", 2, feed=BOB)),
            "a send that knows them": put(store, a_notification("b3", 3, feed=BOB)),
        }
        about = {name: await watch.statements_of(work) for name, work in asked.items()}

    reading = {
        name for name, found in about.items() if any("FROM" in s and " targets AS" in s for s in found)
    }
    assert reading == {"a feed with some", "a send to it anew"}


async def test_a_send_knows_how_many_endpoints_there_are_without_reading_any(
    tmp_path: Path, watch: Watch
) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put_endpoints(store, an_endpoint("phone"), an_endpoint("tablet"))
    async with opened(a_store(path)) as store:
        first = await watch.statements_of(put(store, a_notification("n1", 1)))
        more = await watch.statements_of(put(store, a_notification("n2", 2)))
        feed = await store.feed(ALICE)

    assert not [statement for statement in first + more if "endpoints AS" in statement]
    assert (feed and feed.endpoints, len(more)) == (2, len(first) - 1)


async def test_a_device_that_comes_back_writes_no_number_of_endpoints(store: Store, watch: Watch) -> None:
    decide = partial(decide_endpoints, now=NOW, limits=Limits())
    register = Register(feed=ALICE, endpoint_id="phone", platform=Platform.IOS, display_name="")

    new = await watch.statements_of(store.commit_endpoints([register], decide))
    again = await watch.statements_of(store.commit_endpoints([register], decide))

    assert [sum("INTO feeds" in s or "UPDATE feeds" in s for s in found) for found in (new, again)] == [1, 0]


async def test_a_commit_writes_the_counts_that_it_changes_and_no_others(store: Store, watch: Watch) -> None:
    policies = [TargetPolicy.of([], [f"phone {n}"]) for n in range(50)]
    rows = [a_notification(f"n{n}", n, target=policy) for n, policy in enumerate(policies, 1)]
    await put(store, *rows)

    untargeted = await watch.statements_of(put(store, a_notification("n51", 51)))
    one_more = await watch.statements_of(put(store, a_notification("n52", 52, target=policies[7])))
    the_last = await watch.statements_of(put(store, removed(rows[3], 53)))

    def written(statements: list[str]) -> list[str]:
        return [s.split()[0] for s in statements if "INTO targets" in s or "FROM targets WHERE" in s]

    assert [written(found) for found in (untargeted, one_more, the_last)] == [[], ["REPLACE"], ["DELETE"]]
    feed = await store.feed(ALICE)
    assert feed is not None
    assert len(feed.targets) == 49
    assert feed.targets[policies[7].key] == (2, 2)


async def test_forgetting_an_empty_feed_reads_nothing_of_others(store: Store, watch: Watch) -> None:
    what = PurgeBounds(
        tombstones_before=NOW + 1, tombstones_per_feed=9, endpoints_before=0, deletions_before=0, limit=9
    )
    await put(store, a_tombstone("gone", 2))
    alone = await watch.steps_of(store.purge(what))
    await put(store, *(a_notification(f"b{n}", n, feed=BOB) for n in range(1, 1000)))
    await put(store, a_tombstone("gone", 2))

    beside = await watch.steps_of(store.purge(what))

    assert await store.feed(ALICE) is None
    assert beside < alone + 20


async def test_a_mark_names_no_column_that_stays_as_it_is(store: Store, watch: Watch) -> None:
    """SQLite writes anew every index that knows a column that is named, though it has not changed."""
    row = a_notification("n1", 1, app_notification_id="key")
    await put(store, row)

    marked = await watch.statements_of(
        put(store, replace(row, revision=2, payload=None, read_state=ReadState.READ))
    )
    patched = await watch.statements_of(put(store, replace(row, revision=3, payload=None, expire_time=NOW)))

    def named(statements: list[str]) -> set[str]:
        (update,) = [statement for statement in statements if "UPDATE notifications" in statement]
        return {name for name in INDEXED if f"{name} = " in update.partition("WHERE")[0]}

    assert named(marked) == {"revision", "snooze_until"}
    assert named(patched) == {"revision", "snooze_until", "expire_time", "fingerprint"}


async def test_deleting_endpoints_reads_no_more_of_the_deleted_than_are_kept(
    store: Store, watch: Watch
) -> None:
    async def delete(number: int) -> None:
        gone = an_endpoint(f"e{number:05}", delete_time=NOW + number)
        await put_endpoints(store, gone, deletions_per_feed=3)

    for number in range(5):
        await delete(number)
    few = await watch.steps_of(delete(5))
    for number in range(6, 60):
        await delete(number)

    assert await watch.steps_of(delete(60)) < few + 20
    kept = [(await store.standing(ALICE, f"e{number:05}"))[1] for number in range(61)]
    assert [endpoint.endpoint_id for endpoint in kept if endpoint] == ["e00058", "e00059", "e00060"]


FULL = Room(size=1, max_live=1, max_bytes=1 << 30, now=NOW)


async def test_a_send_to_a_full_feed_of_waiting_ones_does_not_look_at_them(
    store: Store, watch: Watch
) -> None:
    ask = ReadSet(feed=ALICE, sends=(SendKey("key", b"new"),), room=FULL)
    await put(store, *(a_notification(f"n{n}", n) for n in (1, 2, 3)))
    few = await watch.steps_of(read_view(store, ask))
    await put(store, *(a_notification(f"n{n}", n) for n in range(4, 2000)))
    assert await watch.steps_of(read_view(store, ask)) <= few + 10


async def test_a_send_to_a_full_feed_reads_as_many_as_have_to_give_way(store: Store, watch: Watch) -> None:
    ask = ReadSet(feed=ALICE, room=replace(FULL, max_live=1998))
    await put(store, *(a_notification(f"n{n}", n, read_state=ReadState.READ) for n in range(1, 2000)))
    view = await read_view(store, ask)
    assert [row.id for row in view.rows[ALICE]] == ["n1", "n2"]


async def test_the_expired_of_others_are_looked_at_up_to_a_limit(store: Store, watch: Watch) -> None:
    ask = ReadSet(feed=ALICE, room=FULL)
    await put(store, *(a_notification(f"n{n}", n) for n in (1, 2)))
    bobs = [a_notification(f"bob's {n}", n, feed=BOB, expire_time=NOW - 1) for n in range(1, 3000)]
    await put(store, *bobs[:200])
    few = await watch.steps_of(read_view(store, ask))
    await put(store, *bobs[200:])
    assert await watch.steps_of(read_view(store, ask)) <= few + 10
