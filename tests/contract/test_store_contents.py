"""What a store says it holds: what is there for somebody, of as many feeds as it may look at."""

from pathlib import Path

import pytest

from tests.contract.sqlite_files import a_store
from tests.support.builders import ALICE, BOB, a_notification, a_tombstone, an_endpoint, put, put_endpoints
from unisono.server.store.base import Store
from unisono.server.store.reads import Counted
from unisono.server.store.sqlite import schema


async def test_what_is_gone_does_not_count(store: Store) -> None:
    await put(store, a_notification("one", 1), a_notification("two", 2), a_tombstone("gone", 3))
    await put(store, a_notification("bob's", 1, feed=BOB))
    await put_endpoints(store, an_endpoint("phone"), an_endpoint("lost", delete_time=1))

    found = await store.contents(100)

    assert [found.feeds, found.endpoints, found.notifications] == [(2, False), (1, False), (3, False)]


async def test_a_user_who_was_taken_away_does_not_count(store: Store) -> None:
    await put(store, a_notification("one", 1))
    await store.detach_feed(ALICE, None)

    assert (await store.contents(100)).feeds == Counted(0, more=False)


@pytest.mark.parametrize(("most", "counted"), [(1, (1, True)), (2, (2, True)), (3, (2, False))])
async def test_no_more_feeds_are_looked_at_than_asked(
    store: Store, most: int, counted: tuple[int, bool]
) -> None:
    await put(store, a_notification("one", 1), a_notification("bob's", 1, feed=BOB))

    found = await store.contents(most)

    assert [found.feeds, found.notifications] == [counted, counted]
    assert found.endpoints.more is counted[1]


async def test_a_file_has_a_size_and_a_version(tmp_path: Path) -> None:
    store = a_store(tmp_path / "unisono.db")
    await store.open()
    found = await store.contents(1)
    sizes = sum((tmp_path / name).stat().st_size for name in ("unisono.db", "unisono.db-wal"))
    await store.close()
    assert (found.schema_version, found.size_bytes, found.free_bytes) == (schema.latest(), sizes, 0)
