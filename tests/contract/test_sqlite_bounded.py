"""What a store reads and writes does not grow with what lies behind: counted in steps of SQLite."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.counting import Watch, watched
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
    Notification,
    Platform,
    ReadState,
    SenderRole,
    TargetPolicy,
)
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet, Room, Scan, SendKey
from unisono.server.store.reads import ListFilter, PurgeBounds
from unisono.server.store.sqlite import changed

Ask = Callable[[Store], Awaitable[object]]

TV = Audience("tv", Platform.WEB)
#: What indexes of notifications know, but for what never changes.
INDEXED = ("revision", "snooze_until", "expire_time", "fingerprint", "removal")
NOBODYS = TargetPolicy.of([], ["nobody"])


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watched() as watch:
        yield watch


@pytest.fixture
async def store(watch: Watch, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(a_store(tmp_path / "unisono.db")) as store:
        yield store


def keyed(revision: int) -> Notification:
    """A tombstone; each has had the key, in one role or the other."""
    role = SenderRole.USER if revision % 4 else SenderRole.PUBLISHER
    return a_tombstone(f"gone {revision}", revision, app_notification_id="key", sender_role=role)


def others(revision: int) -> Notification:
    """Something live that no filter lets pass."""
    return a_notification(f"other {revision}", revision, target=NOBODYS)


OF_A_KEY: dict[str, Ask] = {
    "a send": lambda store: read_view(store, ReadSet(feed=ALICE, sends=(SendKey("key", b"new"),))),
    "a repeated send": lambda store: read_view(
        store, ReadSet(feed=ALICE, sends=(SendKey("key", b"fingerprint of live"),))
    ),
    "a reference": lambda store: read_view(store, ReadSet(feed=ALICE, keys=("key",), payload=True)),
    "a look-up": lambda store: store.find(ALICE, keys=["key"]),
}


@pytest.mark.parametrize("ask", OF_A_KEY.values(), ids=OF_A_KEY)
async def test_what_has_had_a_key_is_passed_over(store: Store, watch: Watch, ask: Ask) -> None:
    await put(store, a_notification("live", 1, app_notification_id="key"), keyed(3), keyed(4), keyed(6))
    few = await watch.steps_of(ask(store))
    await put(store, *(keyed(revision) for revision in range(8, 2000, 2)))

    many = await watch.steps_of(ask(store))

    assert many < few + 20


NARROWED: dict[str, Ask] = {
    "a list for an endpoint": lambda store: store.history(
        ALICE, ListFilter(audience=TV), before=None, limit=50, max_bytes=1 << 20
    ),
    "a list of a group": lambda store: store.history(
        ALICE, ListFilter(group_name="work"), before=None, limit=50, max_bytes=1 << 20
    ),
    "changes for an endpoint": lambda store: store.list_changes(
        ALICE, after=0, base=0, audience=TV, limit=50, max_bytes=1 << 20
    ),
    "a mark for an endpoint": lambda store: read_view(
        store, ReadSet(feed=ALICE, scan=Scan(audience=TV, until=10**6))
    ),
    "a mark of a group": lambda store: read_view(
        store, ReadSet(feed=ALICE, scan=Scan(group_name="work", until=10**6))
    ),
}


@pytest.mark.parametrize("ask", NARROWED.values(), ids=NARROWED)
async def test_what_finds_nothing_ends_after_a_thousand_rows(store: Store, watch: Watch, ask: Ask) -> None:
    await put(store, *(others(revision) for revision in range(1, 1002)))
    few = await watch.steps_of(ask(store))
    await put(store, *(others(revision) for revision in range(1002, 4000)))

    many = await watch.steps_of(ask(store))

    assert few > 1000
    assert many < few + 20


def pair(place: int) -> list[Notification]:
    """One that was created here and changed at the end; and one from before, that was changed here."""
    created = a_notification(f"new {place}", 20_000 + place, create_revision=10_000 + 2 * place)
    return [created, a_notification(f"old {place}", 10_001 + 2 * place, create_revision=place)]


async def test_each_page_of_changes_reads_what_is_on_it(store: Store, watch: Watch) -> None:
    """Of 3,000 that were created where others were changed, and were changed themselves since."""
    for first in range(1, 3001, 500):
        await put(store, *(row for place in range(first, first + 500) for row in pair(place)))
    after: int | None = 0
    steps: list[int] = []
    found: list[int] = []

    while after is not None:
        before = watch.steps
        page = await store.list_changes(
            ALICE, after=after, base=0, audience=None, limit=500, max_bytes=1 << 20
        )
        steps.append(watch.steps - before)
        found += [row.revision for row in page.rows]
        after = page.resume_after

    assert sorted(found) == found
    assert len(found) == 6000
    assert len(steps) < 20
    # An indexed row takes about 30 steps, however many others lie between.
    assert max(steps) < 500 * 80


async def test_a_page_of_changes_reads_ranges_of_two_indexes_and_sorts_nothing(tmp_path: Path) -> None:
    async with opened(a_store(tmp_path / "unisono.db")):
        pass
    values = dict.fromkeys(("feed", "after", "until", "base", "endpoint_id", "platform", "each", "no_bound"))
    with closing(sqlite3.connect(tmp_path / "unisono.db")) as connection:
        plan = [
            step[-1]
            for statement in (changed.CHANGED, changed.UNTIL)
            for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    assert not any("TEMP B-TREE" in step for step in plan)
    assert [step.partition("USING INDEX ")[2] for step in plan if step.startswith("SEARCH")] == [
        "notifications_history (feed=? AND create_revision>? AND create_revision<?)",
        "notifications_changed (feed=? AND revision>? AND revision<?)",
        "notifications_history (feed=? AND create_revision>?)",
        "notifications_changed (feed=? AND revision>?)",
    ]


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
            "a list of changes": store.list_changes(BOB, after=0, base=0, audience=TV, limit=9, max_bytes=9),
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
