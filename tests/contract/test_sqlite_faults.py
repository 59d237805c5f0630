"""What SQLite's failures mean, where the faults are its own."""

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.contract.backends import SqliteBackend, opened
from tests.support.builders import ALICE, StubItem, a_notification, put, read_view, write_rows
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import BatchRejected, Store
from unisono.server.store.commit import Decision, ReadSet, View
from unisono.server.store.sqlite import SqliteStore
from unisono.server.store.sqlite.transaction import transaction


@contextmanager
def no_file_is_written_beyond(size: int) -> Iterator[None]:
    """The disk is full, as far as this process can see."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_commit_that_the_disk_refuses_has_an_unknown_outcome(tmp_path: Path) -> None:
    backend = SqliteBackend(tmp_path)
    async with opened(backend.store()) as store:
        await put(store, a_notification("n1", 1))

        with no_file_is_written_beyond(50_000), pytest.raises(OutcomeUnknown) as raised:
            await put(store, a_notification("n2", 2, payload=bytes(100_000)))

        assert raised.value.reason is Reason.OUTCOME_UNKNOWN
        seen = await read_view(store, ReadSet(feed=ALICE, ids=("n2",)))
        assert (seen.feeds[ALICE].revision, len(seen.rows.get(ALICE, ()))) in {(1, 0), (2, 1)}
        assert seen.feeds[ALICE] == await store.feed(ALICE)
        await put(store, a_notification("n3", 3))
        assert await store.find(ALICE, ids=["n3"])


@asynccontextmanager
async def full(store: Store) -> AsyncIterator[None]:
    """The database may not grow inside the context, which SQLite reports as a full disk."""
    before = await _limited(store, 1)
    try:
        yield
    finally:
        await _limited(store, before)


async def _limited(store: Store, pages: int) -> int:
    """Bound the pages of the database, and return how many it might have."""
    assert isinstance(store, SqliteStore)

    def limit(connection: sqlite3.Connection) -> int:
        (before,) = connection.execute("PRAGMA max_page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return int(before)

    return await store._writer.run(limit)  # noqa: SLF001  the bound is one of the connection


async def test_what_does_not_fit_changes_nothing_and_fits_when_there_is_room(tmp_path: Path) -> None:
    async with opened(SqliteBackend(tmp_path).store()) as store:
        await put(store, a_notification("n1", 1))
        before = await store.feed(ALICE)
        larger = a_notification("n2", 2, payload=bytes(1_000_000))

        async with full(store):
            for _ in range(3):
                with pytest.raises(Unavailable) as raised:
                    await put(store, larger)
                assert raised.value.reason is Reason.STORE_FULL
                assert not isinstance(raised.value, OutcomeUnknown)
                assert await store.feed(ALICE) == before
                assert [row.id for row in await store.find(ALICE, ids=["n1", "n2"])] == ["n1"]

        await put(store, larger)
        assert await store.find(ALICE, ids=["n2"]) == [larger]


async def test_a_full_disk_is_one_line_in_the_log(tmp_path: Path) -> None:
    async with opened(SqliteBackend(tmp_path).store()) as store:
        await put(store, a_notification("n1", 1))

        async with full(store):
            with capture_logs() as lines:
                for _ in range(3):
                    with pytest.raises(Unavailable):
                        await put(store, a_notification("n2", 2, payload=bytes(1_000_000)))

    assert [(line["event"], line["reason"], line["error"]) for line in lines] == [
        ("the store could not be written", "STORE_FULL", "database or disk is full")
    ]


async def test_a_commit_goes_on_when_its_caller_goes_away_in_the_middle(tmp_path: Path) -> None:
    entered, released = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(items: object, view: View) -> Decision[None]:
        loop.call_soon_threadsafe(entered.set)
        released.wait(10)
        return write_rows(view, [a_notification("n1", 1)])

    async with opened(SqliteBackend(tmp_path).store()) as store:
        gone = asyncio.create_task(store.commit([StubItem(read_set=ReadSet(feed=ALICE))], slow))
        await entered.wait()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert await store.feed(ALICE) is None
        released.set()

        assert (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE].revision == 1


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        connection.execute(
            "CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)"
        )
        yield connection


def test_a_commit_that_is_refused_as_a_whole_is_rolled_back(connection: sqlite3.Connection) -> None:
    """The transaction is still open after the COMMIT, so nothing was changed for sure."""
    with pytest.raises(BatchRejected), transaction(connection):
        connection.execute("INSERT INTO children VALUES (1)")

    assert not connection.in_transaction
    assert connection.execute("SELECT count(*) FROM children").fetchone() == (0,)


def test_a_transaction_that_was_left_open_is_not_joined(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN")
    connection.execute("INSERT INTO parents VALUES (1)")

    with transaction(connection):
        connection.execute("INSERT INTO parents VALUES (2)")

    assert connection.execute("SELECT id FROM parents").fetchall() == [(2,)]


def test_a_closed_connection_cannot_begin(connection: sqlite3.Connection) -> None:
    connection.close()

    with pytest.raises((Unavailable, BatchRejected)), transaction(connection):
        pass


async def test_a_check_writes_as_far_as_the_disk(tmp_path: Path) -> None:
    async with opened(SqliteBackend(tmp_path).store()) as store:
        # Of the log, no line can be written either.
        with capture_logs(), no_file_is_written_beyond(0), pytest.raises(Unavailable) as raised:
            await store.check(write=True)
        await store.check(write=True)
    assert raised.value.reason in {Reason.STORE_UNAVAILABLE, Reason.OUTCOME_UNKNOWN}


@pytest.mark.parametrize("name", ["unisono.db", "unisono.db-wal"])
@pytest.mark.parametrize("another", [False, True])
async def test_nothing_is_written_to_files_that_nobody_finds_any_more(
    tmp_path: Path, name: str, another: bool
) -> None:
    """What is stored can be read, and all goes on where they are put back."""
    async with opened(SqliteBackend(tmp_path).store()) as store:
        await put(store, a_notification("n1", 1))

        elsewhere = (tmp_path / name).rename(tmp_path / "elsewhere")
        if another:
            (tmp_path / name).write_bytes(elsewhere.read_bytes())
        with pytest.raises(Unavailable) as raised:
            await put(store, a_notification("n2", 2))
        assert "moved or deleted" in raised.value.message
        with pytest.raises(Unavailable):
            await store.check(write=False)
        assert await store.find(ALICE, ids=["n1"])

        elsewhere.rename(tmp_path / name)
        await store.check(write=False)
        await put(store, a_notification("n2", 2))
