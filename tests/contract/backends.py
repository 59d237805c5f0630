"""The stores and buses that the conformance suites run on: to add an adapter, add a line here."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.encoding import encode
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.clock import RandomIds
from unisono.server.store.base import Encode, Store
from unisono.server.store.sqlite import SqliteStore, migrate, migrations
from unisono.server.store.sqlite.migrations import Migration


class StoreBackend(Protocol):
    """Where the data of one test lives."""

    def store(self, encode: Encode = encode) -> Store:
        """A store on that data, not yet open."""

    def held(self) -> AbstractContextManager[None]:
        """While inside, somebody else keeps the database from committing."""

    def broken(self) -> AbstractContextManager[None]:
        """While inside, statements about notifications fail."""


@dataclass(frozen=True)
class SqliteBackend:
    """A file of the test."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "unisono.db"

    def store(self, encode: Encode = encode) -> Store:
        return SqliteStore(self.path, ids=RandomIds(), encode=encode, busy_timeout=20)

    @contextmanager
    def held(self) -> Iterator[None]:
        with closing(self._intruder()) as intruder:
            intruder.execute("BEGIN IMMEDIATE")
            yield
            intruder.execute("ROLLBACK")

    @contextmanager
    def broken(self) -> Iterator[None]:
        with closing(self._intruder()) as intruder:
            intruder.execute("ALTER TABLE notifications RENAME TO elsewhere")
            yield
            intruder.execute("ALTER TABLE elsewhere RENAME TO notifications")

    def _intruder(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None)


TABLES = ("meta", "feeds", "notifications", "endpoints", "targets", "bars", "bar_key", "renames")

#: What a migration may add that this server knows nothing of.
LATER = Migration(
    statements=(
        *(f"ALTER TABLE {table} ADD COLUMN later TEXT NOT NULL DEFAULT ''" for table in TABLES),
        *(f"CREATE INDEX {table}_later ON {table} (later)" for table in TABLES),
        "CREATE TABLE later (feed INTEGER PRIMARY KEY, later TEXT NOT NULL) STRICT",
    )
)


@dataclass(frozen=True)
class NewerSqliteBackend(SqliteBackend):
    """A file of a server that came later, and has added something to every table."""

    def store(self, encode: Encode = encode) -> Store:
        if not self.path.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, LATER))
                migrate(self.path, RandomIds(), lambda *_: None)
        return super().store(encode)


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    """The store, open while inside."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()


STORES: Mapping[str, Callable[[Path], StoreBackend]] = {
    "sqlite": SqliteBackend,
    "sqlite of a newer server": NewerSqliteBackend,
}
BUSES: Mapping[str, Callable[[], Bus]] = {"local": LocalBus}
