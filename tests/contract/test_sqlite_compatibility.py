"""Servers of two releases, one after the other on one file: what the older may use, and what it leaves."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.contract.backends import TABLES, opened
from tests.contract.renames import TO_NEW, ids_of, renamed
from tests.contract.sqlite_files import a_store, execute, failure
from tests.support.builders import ALICE, a_notification, put
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.migrating import MigrationPlan, MigrationStep
from unisono.server.store.sqlite import backup, migrate, migrations, plan_migration, restore, schema
from unisono.server.store.sqlite.migrations import Migration

OWN = schema.latest()
COLUMN = Migration(statements=("ALTER TABLE notifications ADD COLUMN another TEXT NOT NULL DEFAULT ''",))
INDEX = Migration(
    statements=("CREATE INDEX by_another ON notifications (another)",), reads_notifications=True
)
WITHOUT = Migration(statements=("DROP INDEX notifications_settled",), compatible_from=OWN + 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


@contextmanager
def newer(*following: Migration) -> Iterator[None]:
    """While inside, the servers know these versions, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, *following))
        yield


async def made(path: Path, *following: Migration) -> None:
    """Make a store with a notification, and let a newer server have it."""
    async with opened(a_store(path)) as store:
        await put(store, a_notification("before", 1))
    with newer(*following):
        migrate(path, RandomIds(), quietly)


def versions(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as connection:
        return schema.version(connection), schema.compatible_from(connection)


async def test_an_older_server_uses_what_was_only_added_to_and_the_newer_one_goes_on(path: Path) -> None:
    await made(path, COLUMN, INDEX)
    before = versions(path)
    assert before[0] == OWN + 2

    with capture_logs() as logs:
        async with opened(a_store(path)) as store:
            await put(store, a_notification("meanwhile", 2))
    assert [(line["event"], line["version"], line["known"]) for line in logs] == [
        ("store of a newer server", OWN + 2, OWN)
    ]
    assert versions(path) == before

    with newer(COLUMN, INDEX):
        assert migrate(path, RandomIds(), unexpected) == (OWN + 2, OWN + 2)
        async with opened(a_store(path)) as store:
            assert len(await store.find(ALICE, ids=["before", "meanwhile"])) == 2
    execute(path, "SELECT another FROM notifications")


async def test_the_suites_run_on_a_file_with_something_later_in_every_table(path: Path) -> None:
    """Each test of a store runs on such a file, too."""
    await made(path)
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    assert {name for (name,) in found} == set(TABLES)


async def test_it_refuses_what_something_was_taken_from_that_it_needs(path: Path) -> None:
    await made(path, COLUMN, WITHOUT)
    assert versions(path) == (OWN + 2, OWN + 1)
    before = path.read_bytes()

    expected = (
        f"{path} has version {OWN + 2}, which servers from version {OWN + 1} on may use, and this one has "
        f"version {OWN}; use the newer server that made it"
    )
    assert await failure(path) == expected
    for refused in (
        lambda: migrate(path, RandomIds(), unexpected),
        lambda: plan_migration(path),
        lambda: backup(path, path.with_name("copy.db"), quietly),
        lambda: restore(path, path.with_name("restored.db"), RandomIds(), quietly),
        lambda: renamed(path),
    ):
        with pytest.raises(StoreError) as raised:
            refused()
        assert str(raised.value) == expected
    assert path.read_bytes() == before

    with newer(COLUMN):
        async with opened(a_store(path)) as store:
            assert await store.find(ALICE, ids=["before"]) == [a_notification("before", 1)]
    assert versions(path) == (OWN + 2, OWN + 1)


async def test_its_commands_leave_the_version_as_it_is(path: Path) -> None:
    await made(path, COLUMN)
    there = versions(path)
    copy, restored = path.with_name("copy.db"), path.with_name("restored.db")

    assert migrate(path, RandomIds(), unexpected) == (OWN + 1, OWN + 1)
    execute(path, "UPDATE meta SET clean = 0")
    assert migrate(path, RandomIds(), quietly) == (OWN + 1, OWN + 1)
    backup(path, copy, quietly)
    restore(copy, restored, RandomIds(), quietly)
    renamed(restored)

    assert [versions(file) for file in (path, copy, restored)] == [there] * 3
    assert ids_of(restored) == [TO_NEW.prefix + ALICE.user_id]
    with newer(COLUMN):
        async with opened(a_store(restored)):
            pass


async def test_a_plan_says_what_would_be_done_and_does_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(a_store(path)):
        assert plan_migration(path).steps == []
        (_, usable), before = versions(path), path.read_bytes()
        monkeypatch.setattr(schema, "PAGES_PER_SECOND", 0.5)
        execute(path, "UPDATE meta SET clean = 0")
        with closing(sqlite3.connect(path)) as connection:
            seconds = connection.execute("PRAGMA page_count").fetchone()[0] * 2.0

        with newer(COLUMN, INDEX, WITHOUT):
            plan = plan_migration(path)

        assert plan == MigrationPlan(
            version=OWN,
            compatible_from=usable,
            version_after=OWN + 3,
            compatible_from_after=OWN + 1,
            steps=[
                MigrationStep(f"version {OWN + 1}", 0.0),
                MigrationStep(f"version {OWN + 2}", seconds),
                MigrationStep(f"version {OWN + 3}", 0.0),
                MigrationStep("the file anew, without what was deleted before", seconds),
            ],
        )
        assert versions(path) == (OWN, usable)
        assert path.read_bytes() == before


def quietly(*_: object) -> None:
    """Progress that nobody looks at."""


def unexpected(*step: object) -> None:
    raise AssertionError(step)
