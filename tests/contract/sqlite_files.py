"""A store in a file of a test, and what is done to the file."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.encoding import encode
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import SqliteStore


def a_store(path: Path) -> SqliteStore:
    return SqliteStore(path, ids=RandomIds(), encode=encode)


async def failure(path: Path) -> str:
    """What the operator reads when the file cannot be used."""
    store = a_store(path)
    with pytest.raises(StoreError) as raised:
        await store.open()
    await store.close()
    return str(raised.value)


def execute(path: Path, *statements: str) -> None:
    """What another program does to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
