"""What a store reads and writes does not grow with what lies behind: counted in steps of SQLite."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.counting import Watch
from tests.contract.sqlite_files import a_store
from tests.support.builders import (
    ALICE,
    a_notification,
    a_tombstone,
    put,
    read_view,
)
from unisono.server.model import (
    Audience,
    Notification,
    Platform,
    SenderRole,
    TargetPolicy,
)
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet, Scan, SendKey
from unisono.server.store.reads import ListFilter
from unisono.server.store.sqlite import changed

Ask = Callable[[Store], Awaitable[object]]

TV = Audience("tv", Platform.WEB)
NOBODYS = TargetPolicy.of([], ["nobody"])


@pytest.fixture
def store(watched_store: Store) -> Store:
    return watched_store


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
