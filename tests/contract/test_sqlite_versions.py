"""Files of other versions: left alone or migrated, as a whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute, failure
from tests.support.builders import ALICE, a_notification, put
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import migrate, migrations, schema

LATEST = schema.latest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


async def test_a_file_of_a_newer_server_is_left_alone(path: Path) -> None:
    async with opened(a_store(path)):
        pass
    execute(path, "PRAGMA user_version = 99")

    message = await failure(path)

    assert (
        message
        == f"{path} has version {LATEST}, which servers from version 99 on may use, and this one has version "
        f"{LATEST}; use the newer server that made it"
    )


async def test_a_file_of_before_the_first_release_is_left_alone(path: Path) -> None:
    async with opened(a_store(path)):
        pass
    execute(path, "PRAGMA user_version = 1", "ALTER TABLE meta DROP COLUMN version")

    message = await failure(path)

    assert message == f"{path} was made before the first release of the server; start with a new file"


async def test_a_file_of_an_older_server_becomes_the_latest_at_a_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = await a_store_with_one(path)
    add(monkeypatch, "CREATE TABLE later (a INTEGER) STRICT", "CREATE INDEX i ON later (a)")

    async with opened(a_store(path)) as store:
        assert store.epoch == epoch
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1)]
    assert read(path, "SELECT version FROM meta") == (LATEST + 1,)
    assert read(path, "SELECT count(*) FROM later") == (0,)


async def test_or_waits_for_migrate_where_that_takes_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_store_with_one(path)
    add(monkeypatch, "CREATE TABLE later (a INTEGER) STRICT", long=True)
    monkeypatch.setattr(schema, "PAGES_PER_SECOND", read(path, "PRAGMA page_count")[0] / 60)

    message = await failure(path)
    assert message == (
        f"{path} is of an older version, and to bring it to this one may take 60 s; "
        "run `unisono-server migrate` on it first"
    )
    told: list[tuple[str, float]] = []
    assert migrate(path, RandomIds(), lambda *step: told.append(step)) == (LATEST, LATEST + 1)
    ((what, seconds),) = told
    assert (what, round(seconds, 6)) == (f"version {LATEST + 1}", 60.0)
    assert migrate(path, RandomIds(), unexpected) == (LATEST + 1, LATEST + 1)

    async with opened(a_store(path)) as store:
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1)]


async def test_a_version_is_made_as_a_whole_and_what_was_made_before_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_store_with_one(path)
    with monkeypatch.context() as patch:
        add(patch, "CREATE TABLE first (a INTEGER) STRICT")
        add(patch, "CREATE TABLE second (a INTEGER) STRICT", "CREATE TABLE feeds (f)")
        with pytest.raises(StoreError, match="feeds already exists"):
            migrate(path, RandomIds(), quietly)
    assert read(path, "SELECT version FROM meta") == (LATEST + 1,)
    assert read(path, "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('first', 'second')") == (
        "first",
    )

    add(monkeypatch, "CREATE TABLE first (a INTEGER) STRICT")
    add(monkeypatch, "CREATE TABLE second (a INTEGER) STRICT")
    assert migrate(path, RandomIds(), quietly) == (LATEST + 1, LATEST + 2)
    async with opened(a_store(path)) as store:
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1)]


async def test_migrate_makes_a_new_file_and_respects_a_server(path: Path) -> None:
    assert migrate(path, RandomIds(), unexpected) == (0, LATEST)

    async with opened(a_store(path)):
        with pytest.raises(StoreError, match="in use"):
            migrate(path, RandomIds(), unexpected)


async def a_store_with_one(path: Path) -> bytes:
    """Make a store with a notification of Alice, and return its epoch."""
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        return store.epoch


def add(patch: pytest.MonkeyPatch, *statements: str, long: bool = False) -> None:
    """Add a version to those that this server knows."""
    following = migrations.Migration(statements=statements, reads_notifications=long)
    patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, following))


def read(path: Path, statement: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(path)) as connection:
        (record,) = connection.execute(statement)
    return tuple(record)


def quietly(*_: object) -> None:
    """Progress that nobody looks at."""


def unexpected(*step: object) -> None:
    raise AssertionError(step)
