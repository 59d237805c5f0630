"""What SQLite's failures mean, where the faults are its own."""

import asyncio
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.contract.backends import SqliteBackend, opened
from tests.support.builders import ALICE, StubItem, a_notification, put, read_view, write_rows
from unisono.server.errors import OutcomeUnknown, Reason, Unavailable
from unisono.server.store.base import BatchRejected
from unisono.server.store.commit import Decision, ReadSet, View
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
