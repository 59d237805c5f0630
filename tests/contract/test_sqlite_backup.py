"""A backup is one moment of a store, whoever writes meanwhile; a restored store is a new one to devices."""

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.support.builders import (
    ALICE,
    a_notification,
    a_tombstone,
    an_endpoint,
    put,
    put_endpoints,
)
from tests.support.encoding import encode
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import SqliteStore, backup, restore, schema

IDS = RandomIds()
LARGE = bytes(30_000)


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def a_store(path: Path) -> SqliteStore:
    return SqliteStore(path, ids=IDS, encode=encode)


@pytest.fixture
async def original(tmp_path: Path) -> Path:
    """A store that holds a little of everything, and is closed."""
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, *(a_notification(f"n{n}", n, payload=LARGE) for n in range(1, 101)))
        await put(store, a_tombstone("gone", 101))
        await put_endpoints(store, an_endpoint("phone", acknowledged_revision=7))
    return path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


async def test_a_backup_of_a_store_in_use_is_a_store(original: Path, copy: Path, tmp_path: Path) -> None:
    async with opened(a_store(original)) as store:
        await put_endpoints(store, an_endpoint("phone", session_id="open"))
        await asyncio.to_thread(backup, original, copy, silent)
        feed, epoch = await store.feed(ALICE), store.epoch

    async with opened(a_store(copy)) as store:
        assert store.epoch == epoch
        assert await store.feed_and_endpoint(ALICE, "phone") == (feed, an_endpoint("phone"))
        assert await store.find(ALICE, ids=["n100"]) == [a_notification("n100", 100, payload=LARGE)]


async def test_a_backup_is_one_file_for_its_owner_that_needs_no_log(original: Path, copy: Path) -> None:
    backup(original, copy, silent)

    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.read_bytes()[18:20] == b"\x01\x01", "https://www.sqlite.org/fileformat.html: no WAL"
    assert {file.name for file in copy.parent.glob("backup*")} == {copy.name}


async def test_its_progress_ends_at_the_whole(original: Path, copy: Path) -> None:
    told: list[tuple[int, int]] = []

    backup(original, copy, lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] == copy.stat().st_size // 4096


async def test_a_busy_store_does_not_make_it_start_over(original: Path, copy: Path) -> None:
    loop, told = asyncio.get_running_loop(), []

    async with opened(a_store(original)) as store:
        feed = await store.feed(ALICE)

        def write(done: int, total: int) -> None:
            told.append(done)
            if len(told) < 9:
                row = a_notification(f"new {len(told)}", 101 + len(told), payload=LARGE)
                asyncio.run_coroutine_threadsafe(put(store, row), loop).result(10)

        await asyncio.to_thread(backup, original, copy, write)

    assert len(told) > 2
    assert told == sorted(set(told))
    async with opened(a_store(copy)) as store:
        assert await store.feed(ALICE) == feed


BACK_UP = """
import sys
from pathlib import Path
from unisono.server.store.sqlite import backup

backup(Path(sys.argv[1]), Path(sys.argv[2]), lambda done, total: print(done, total))
"""


async def test_another_process_backs_up_one_moment_while_the_server_writes(
    original: Path, copy: Path
) -> None:
    async with opened(a_store(original)) as store, asyncio.TaskGroup() as group:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", BACK_UP, original, copy)
        ended = group.create_task(process.wait())
        revision = 102
        while not ended.done():
            await put(store, *(a_notification(f"n{revision + n}", revision + n) for n in range(10)))
            revision += 10
        assert await ended == 0

    async with opened(a_store(copy)) as store:
        feed = await store.feed(ALICE)
    with closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute("SELECT count(*), max(revision) FROM notifications").fetchone()
        whole = connection.execute("PRAGMA integrity_check").fetchall()
    assert feed is not None
    assert rows == (feed.live + 1, feed.revision)
    assert whole == [("ok",)]


async def test_a_backup_overwrites_nothing(original: Path, copy: Path) -> None:
    copy.write_text("precious")

    with pytest.raises(StoreError, match="exists; back up to another file"):
        backup(original, copy, silent)

    assert copy.read_text() == "precious"


async def test_a_backup_that_is_broken_off_leaves_nothing(original: Path, copy: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(original, copy, interrupt)

    assert not list(copy.parent.glob(f"{copy.name}*"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"Dear diary,\n" * 100, "is not a SQLite database"),
    ],
)
def test_what_is_no_store_cannot_be_backed_up_or_restored(
    tmp_path: Path, copy: Path, content: bytes | None, reason: str
) -> None:
    source = tmp_path / "source.db"
    if content is not None:
        source.write_bytes(content)

    with pytest.raises(StoreError, match=reason):
        backup(source, copy, silent)
    with pytest.raises(StoreError, match=reason):
        restore(source, copy, IDS, silent)

    assert not copy.exists()


async def test_a_backup_needs_a_folder(original: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        backup(original, tmp_path / "nowhere" / "backup.db", silent)


async def test_a_restored_store_is_the_same_with_a_new_epoch_and_without_sessions(
    original: Path, copy: Path, tmp_path: Path
) -> None:
    async with opened(a_store(original)) as store:
        await put_endpoints(store, an_endpoint("phone", session_id="open"))
        backup(original, copy, silent)
        feed, epoch = await store.feed(ALICE), store.epoch
    target = tmp_path / "restored.db"

    restore(copy, target, IDS, silent)

    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT session_id FROM endpoints").fetchall() == [("",)]
    async with opened(a_store(target)) as store:
        assert len(store.epoch) == 8
        assert store.epoch != epoch
        assert await store.feed_and_endpoint(ALICE, "phone") == (feed, an_endpoint("phone"))
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1, payload=LARGE)]


async def test_a_store_in_use_is_not_restored_over(original: Path, copy: Path) -> None:
    backup(original, copy, silent)

    async with opened(a_store(original)) as store:
        with pytest.raises(StoreError, match="in use by another unisono-server"):
            restore(copy, original, IDS, silent, force=True)
        await put(store, a_notification("n102", 102))
        assert await store.find(ALICE, ids=["n102"])


async def test_a_store_is_restored_over_only_by_force(original: Path, copy: Path) -> None:
    backup(original, copy, silent)
    async with opened(a_store(original)) as store:
        await put(store, a_notification("too much", 102))
        epoch = store.epoch

    with pytest.raises(StoreError, match="exists; restore to another file"):
        restore(copy, original, IDS, silent)
    async with opened(a_store(original)) as store:
        assert store.epoch == epoch

    restore(copy, original, IDS, silent, force=True)
    async with opened(a_store(original)) as store:
        assert store.epoch != epoch
        assert await store.find(ALICE, ids=["too much", "n1"]) == [a_notification("n1", 1, payload=LARGE)]


async def test_the_log_of_what_was_there_does_not_reach_the_restored_store(
    original: Path, copy: Path, tmp_path: Path
) -> None:
    """As after a crash: the log has commits that are not in the file yet."""
    target = tmp_path / "crashed.db"
    async with opened(a_store(original)) as store:
        backup(original, copy, silent)
        await put(store, a_notification("lost", 102))
        for end in ("", "-wal", "-shm"):
            shutil.copy(f"{original}{end}", f"{target}{end}")

    restore(copy, target, IDS, silent, force=True)

    async with opened(a_store(target)) as store:
        assert await store.find(ALICE, ids=["lost", "n1"]) == [a_notification("n1", 1, payload=LARGE)]


async def test_a_damaged_backup_is_not_restored(original: Path, copy: Path) -> None:
    backup(original, copy, silent)
    content = bytearray(copy.read_bytes())
    content[4096 * 5 : 4096 * 6] = bytes(range(256)) * 16
    copy.write_bytes(content)
    async with opened(a_store(original)) as store:
        epoch = store.epoch

    with pytest.raises(StoreError, match="is damaged"):
        restore(copy, original, IDS, silent, force=True)

    async with opened(a_store(original)) as store:
        assert store.epoch == epoch


async def test_a_backup_of_a_newer_server_is_not_restored(original: Path, copy: Path, tmp_path: Path) -> None:
    backup(original, copy, silent)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.latest() + 1}")

    with pytest.raises(StoreError, match="use the newer server"):
        restore(copy, tmp_path / "restored.db", IDS, silent)


async def test_a_database_of_another_program_is_not_restored(copy: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE diary (entry TEXT)")

    with pytest.raises(StoreError, match="is a database of another program"):
        restore(copy, tmp_path / "restored.db", IDS, silent)
