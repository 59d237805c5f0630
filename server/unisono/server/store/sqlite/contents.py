"""Reads how much a store holds: what its feeds count, of as many feeds as may be looked at."""

import sqlite3
from pathlib import Path
from typing import Final

from unisono.server.store.reads import Counted, StoreContents
from unisono.server.store.sqlite import schema
from unisono.server.store.sqlite.readers import NOBODY, Readers, snapshot

# Feeds without an app were taken away, and are erased. One that does not know its endpoints yet has NULL.
_SUMS: Final = """
    SELECT count(*), total(live), total(endpoints), count(*) - count(endpoints)
    FROM (SELECT live, endpoints FROM feeds WHERE app_id <> '' LIMIT ?)
    """


async def read_contents(readers: Readers, path: Path, most: int) -> StoreContents:
    """Return what the store in this file holds; see `Store.contents`."""

    def read(connection: sqlite3.Connection) -> StoreContents:
        with snapshot(connection):
            feeds, live, endpoints, unknown = connection.execute(_SUMS, (most,)).fetchone()
            more = feeds == most
            return StoreContents(
                schema_version=schema.version(connection),
                size_bytes=_size(path) + _size(path.with_name(f"{path.name}-wal")),
                free_bytes=_pragma(connection, "freelist_count") * _pragma(connection, "page_size"),
                feeds=Counted(feeds, more),
                endpoints=Counted(int(endpoints), more or unknown > 0),
                notifications=Counted(int(live), more),
            )

    return await readers.read(NOBODY, read)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
