"""What was erased is not in the log of the store either, and readers hold that up, not the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store
from tests.support.builders import ALICE, a_notification, put
from unisono.server.store.base import Store


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """While inside, another program reads the store as it is now, as a backup does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM feeds").fetchall()
        yield
        connection.execute("ROLLBACK")


async def erase(store: Store) -> int:
    number = await store.detach_feed(ALICE, None)
    assert number is not None
    assert await store.erase(number, 100)
    return number


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


async def test_the_log_is_cleared_and_as_long_as_before(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("secret", 1))
        before = log_of(path).read_bytes()
        number = await erase(store)

        assert await store.forget([number])

        after = log_of(path).read_bytes()
        assert b"title of secret" in before
        assert b"title of secret" not in after
        assert len(after) > len(before) - 4096


async def test_who_reads_an_older_state_holds_it_up_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("secret", 1))
        with reading(path):
            number = await erase(store)
            held_up = await store.forget([number])
            await put(store, a_notification("meanwhile", 1))
        cleared = await store.forget([number])

    assert (held_up, cleared) == (False, True)


async def test_a_disk_that_is_full_does_not_keep_it_from_forgetting(tmp_path: Path) -> None:
    """The log is as long as there is room then."""
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("secret", 1))
        number = await erase(store)
        log_of(path).chmod(0o400)

        assert await store.forget([number])
        assert await store.detached_feeds() == []
