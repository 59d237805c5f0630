"""Whom a rename would give which id, and what is in its way: then nothing is changed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.renames import APP, TO_NEW, a_store_of, ids_of, refusal, renamed
from tests.contract.sqlite_files import a_store, execute
from tests.support.builders import NOW
from unisono.server.model import FeedKey
from unisono.server.store.base import StoreError
from unisono.server.store.reads import Bar
from unisono.server.store.renaming import Rename, RenamePlan, UserIds
from unisono.server.store.sqlite import plan_rename, rename_users


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


async def test_a_plan_says_who_gets_which_id_and_changes_nothing(path: Path) -> None:
    await a_store_of(path, "e", "d", "c", "b")
    before = path.read_bytes()

    async with opened(a_store(path)):
        plan = plan_rename(path, TO_NEW, max_bytes=256)

    assert plan == RenamePlan(users=UserIds(4, ("b", "c", "d")))
    assert plan.possible(keep_prefixed=False)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("ids", "found", "kept"),
    [
        (["a" * 252, "ä" * 126, "b"], RenamePlan(users=UserIds(3, ("a" * 252, "b", "ä" * 126))), True),
        (
            ["a" * 253, "ä" * 126 + "a", "b"],
            RenamePlan(
                users=UserIds(3, ("a" * 253, "b", "ä" * 126 + "a")),
                too_long=UserIds(2, ("a" * 253, "ä" * 126 + "a")),
            ),
            False,
        ),
        (
            ["alice", "new:bob"],
            RenamePlan(users=UserIds(1, ("alice",)), prefixed=UserIds(1, ("new:bob",))),
            True,
        ),
        (
            ["alice", "bob", "new:bob"],
            RenamePlan(
                users=UserIds(2, ("alice", "bob")),
                prefixed=UserIds(1, ("new:bob",)),
                taken=UserIds(1, ("new:bob",)),
            ),
            False,
        ),
        (
            ["alice", "new:bob", "new:new:bob"],
            RenamePlan(users=UserIds(1, ("alice",)), prefixed=UserIds(2, ("new:bob", "new:new:bob"))),
            True,
        ),
    ],
    ids=["fitting", "too long", "prefixed", "taken", "prefixed twice"],
)
async def test_where_something_speaks_against_it_nothing_is_changed(
    path: Path, ids: Sequence[str], found: RenamePlan, kept: bool
) -> None:
    await a_store_of(path, *ids)
    for keep_prefixed in (False, True):
        possible = found.possible(keep_prefixed=keep_prefixed)
        assert possible is (kept and (keep_prefixed or not found.prefixed.total))
        assert plan_rename(path, TO_NEW, max_bytes=256) == found
        plan = rename_users(path, TO_NEW, lambda *_: None, max_bytes=256, keep_prefixed=keep_prefixed)
        assert plan == found
        changed = [id_ if id_.startswith("new:") else f"new:{id_}" for id_ in ids]
        assert ids_of(path) == (changed if possible else list(ids))
        if possible:
            break
    async with opened(a_store(path)) as store:
        assert store.prefixes == ({APP: ["new:"]} if kept else {})


async def test_a_server_and_a_rename_keep_away_from_each_other(path: Path) -> None:
    await a_store_of(path, "alice")

    async with opened(a_store(path)):
        with pytest.raises(StoreError, match="in use"):
            renamed(path)
    assert ids_of(path) == ["alice"]


async def test_what_is_no_store_with_users_of_the_app(path: Path, tmp_path: Path) -> None:
    assert refusal(path) == f"{path} does not exist; name the file of a store"
    assert list(tmp_path.iterdir()) == []
    await a_store_of(path, "alice", app_id="chat.test")
    await a_store_of(path, "alice", app_id="a.test")
    async with opened(a_store(path)) as store:
        assert await store.detach_feed(FeedKey("a.test", "alice"), Bar("a.test", b"mark", NOW))
    expected = f"{path} has no users of the app {APP}; apps that have: a.test, chat.test"
    assert refusal(path) == expected
    assert refusal(path, Rename("", "new:")).startswith(f"{path} has no users of the app ;")
    execute(path, "UPDATE meta SET version = version - 1")
    assert refusal(path) == f"{path} is of an older version; run `unisono-server migrate` on it first"
