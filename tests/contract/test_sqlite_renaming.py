"""The users of an app get new ids: what is stored goes along, and is served of all of them or of none."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.backends import opened
from tests.contract.renames import APP, TO_NEW, a_store_of, ids_of, refusal, renamed
from tests.contract.sqlite_files import a_store, execute, failure
from tests.support.builders import (
    ALICE,
    BOB,
    NOW,
    a_notification,
    a_tombstone,
    an_endpoint,
    put,
    put_endpoints,
)
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds
from unisono.server.model import FeedKey, Platform, TargetPolicy
from unisono.server.store.reads import Bar, ListFilter
from unisono.server.store.renaming import Rename
from unisono.server.store.sqlite import SqliteStore, backup, plan_rename, rename_users, renaming

NEW_ALICE: Final = FeedKey(APP, "new:alice")
ELSEWHERE: Final = FeedKey("chat.example.com", "alice")
IOS: Final = TargetPolicy.of([Platform.IOS], [])
ROWS: Final = (
    a_notification("n1", 1),
    a_notification("n2", 2, target=IOS, app_notification_id="k"),
    a_tombstone("n3", 4),
)

#: On both sides of the prefix in the order of ids, which is that of their bytes, and close to it.
IDS: Final = ("alice", "new", "new9", "new;", "newer", "z", "ä", "new\U0010ffff", "\U0010ffff")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


# What goes along


async def test_all_that_is_stored_of_a_user_is_that_of_the_new_id(path: Path) -> None:
    async with opened(a_store(path)) as store:
        await put(store, *ROWS)
        await put_endpoints(store, an_endpoint("phone"), an_endpoint("lost", delete_time=NOW))
        before, phone = await store.feed_and_endpoint(ALICE, "phone")
    renamed(path)

    async with opened(a_store(path)) as store:
        assert await store.feed_and_endpoint(ALICE, "phone") == (None, None)
        feed, endpoint = await store.feed_and_endpoint(NEW_ALICE, "phone")
        assert (feed and feed.epoch, feed and feed.targets) == (
            before and before.epoch,
            before and before.targets,
        )
        assert endpoint == an_endpoint("phone", feed=NEW_ALICE)
        assert phone is not None
        assert (await store.standing(NEW_ALICE, "lost"))[1] is not None
        found = await store.find(NEW_ALICE, ids=["n1", "n2", "n3"], keys=["k"])
        assert {row.id: row.feed for row in found} == dict.fromkeys(("n1", "n2", "n3"), NEW_ALICE)
        assert [due.feed for due in await store.due(NOW * 2, 9)] == [NEW_ALICE, NEW_ALICE]


async def test_rows_that_were_encoded_before_name_the_user_of_now(path: Path) -> None:
    """As if they had been encoded now, wherever they come from, and what comes later beside them."""
    async with opened(SqliteStore(path, ids=RandomIds(), encode=encoding.encode_row)) as store:
        await put(store, *ROWS)
    renamed(path)

    later = a_notification("n5", 5, feed=NEW_ALICE)
    store = SqliteStore(path, ids=RandomIds(), encode=encoding.encode_row, with_feed=encoding.with_feed)
    async with opened(store):
        await put(store, later)
        changes = await store.changes(NEW_ALICE, after=0, known=0, limit=9, max_bytes=1 << 20)
        listed = await store.list_changes(
            NEW_ALICE, after=0, base=0, audience=None, limit=9, max_bytes=1 << 20
        )
        history = await store.history(NEW_ALICE, ListFilter(), before=None, limit=9, max_bytes=1 << 20)
        ids = ["n1", "n2", "n3", "n5"]
        found = {row.id: row for row in await store.find(NEW_ALICE, ids=ids)}

    expected = [encoding.encode_row(found[id_]) for id_ in ids]
    assert [row.encoded for row in changes.rows] == expected
    assert [row.encoded for row in listed.rows] == expected
    assert [row.encoded for row in history.rows] == [expected[place] for place in (3, 1, 0)]
    assert all(b"new:alice" in encoded for encoded in expected)


async def test_nobody_else_is_renamed(path: Path) -> None:
    """Neither the users of another app, nor what is being erased."""
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1), a_notification("n2", 1, feed=BOB))
        await put(store, a_notification("n3", 1, feed=ELSEWHERE))
        erased = await store.detach_feed(BOB, None)
    renamed(path)

    assert (ids_of(path), ids_of(path, ELSEWHERE.app_id)) == (["new:alice"], ["alice"])
    async with opened(a_store(path)) as store:
        assert await store.detached_feeds() == [erased]
        assert store.prefixes == {APP: ["new:"]}


async def test_an_app_of_which_only_bars_are_left_remembers_the_prefix(path: Path) -> None:
    async with opened(a_store(path)) as store:
        await store.detach_feed(ALICE, Bar(APP, b"mark", NOW))
    assert renamed(path) == [(0, 0)]
    assert renamed(path) == []

    async with opened(a_store(path)) as store:
        assert store.prefixes == {APP: ["new:"]}


async def test_prefixes_are_known_the_last_one_first(path: Path) -> None:
    await a_store_of(path, "alice")
    for prefix in ("b", "a:", "new:"):
        renamed(path, Rename(APP, prefix))

    assert ids_of(path) == ["new:a:balice"]
    async with opened(a_store(path)) as store:
        assert store.prefixes == {APP: ["new:", "a:", "b"]}


# In steps


async def test_a_step_is_bounded_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renaming, "STEP", 2)
    await a_store_of(path, *IDS[:5])

    assert renamed(path) == [(0, 5), (2, 5), (4, 5), (5, 5)]
    assert ids_of(path) == [f"new:{id_}" for id_ in IDS[:5]]
    assert renamed(path) == []
    assert ids_of(path) == [f"new:{id_}" for id_ in IDS[:5]]


@contextmanager
def copies(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Copy the files of the store before each statement, as a process that is killed then leaves them."""
    made: list[Path] = []
    connect = sqlite3.connect

    def copy(_: str) -> None:
        here = folder / f"{len(made)}"
        here.mkdir()
        for beside in ("", "-wal"):
            if (file := path.with_name(path.name + beside)).exists():
                shutil.copy(file, here / file.name)
        made.append(here / path.name)

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(copy)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", watched)
        yield made


async def test_one_that_is_killed_at_any_moment_goes_on_and_is_not_served_before(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where ids began with the prefix before: they stay as they are, and nobody gets it twice."""
    monkeypatch.setattr(renaming, "STEP", 2)
    await a_store_of(path, *IDS, "new:", "new:x", "new:new:y", "new:\U0010ffff\U0010ffff")
    before, after = ids_of(path), [f"new:{id_}" for id_ in IDS] + ids_of(path)[len(IDS) :]

    with copies(path, tmp_path, monkeypatch) as killed:
        renamed(path, keep_prefixed=True)

    assert len(killed) > 30
    halves = 0
    for copy in killed:
        found = ids_of(copy)
        halves += found not in (before, after)
        assert all(now in ids for now, ids in zip(found, zip(before, after, strict=True), strict=True))
        await refused_until_complete(copy, begun=found != before)
        assert ids_of(copy) == after
    assert halves >= 3 * (len(IDS) // 2)
    assert ids_of(path) == after


async def refused_until_complete(path: Path, *, begun: bool) -> None:
    """Look at a store that was left, rename the rest of its users, and open it."""
    execute(path, "UPDATE endpoints SET session_id = ''")
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT complete FROM renames").fetchall()
    assert found or not begun
    if found == [(0,)]:
        line = "run `unisono-server rename-users --app mail.example.com --prefix new: --yes` on it first"
        assert line in await failure(path)
        assert line in refusal(path, Rename(APP, "other:"))
        assert plan_rename(path, TO_NEW, max_bytes=1).under_way
    renamed(path, keep_prefixed=not found)
    async with opened(a_store(path)) as store:
        assert store.prefixes == {APP: ["new:"]}


async def test_a_backup_of_half_a_rename_is_half_a_rename(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renaming, "STEP", 1)
    await a_store_of(path, "a", "b")

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rename_users(path, TO_NEW, stop, max_bytes=256)
    copy = tmp_path / "copy.db"
    backup(path, copy, lambda *_: None)

    assert ids_of(copy) == ["new:a", "b"]
    assert "are being renamed" in await failure(copy)
    assert renamed(copy) == [(0, 1), (1, 1)]
