"""Files of other versions: left alone or migrated, as a whole or not at all."""

from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute, failure
from tests.support.builders import ALICE, a_notification, put
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import migrate, schema

LATEST = 4


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
        == f"{path} has version 99, and this server knows up to {LATEST}; use the newer server that made it"
    )


async def test_a_file_of_before_the_first_release_is_left_alone(path: Path) -> None:
    async with opened(a_store(path)):
        pass
    execute(path, "PRAGMA user_version = 1")

    message = await failure(path)

    assert message == f"{path} was made before the first release of the server; start with a new file"


async def test_a_file_of_an_older_server_waits_for_migrate(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        epoch = store.epoch
    later = (*schema.MIGRATIONS, ("CREATE TABLE later (a INTEGER) STRICT", "CREATE INDEX i ON later (a)"))
    monkeypatch.setattr(schema, "MIGRATIONS", later)

    assert "run `unisono-server migrate`" in await failure(path)
    assert migrate(path, RandomIds()) == (LATEST, LATEST + 1)
    assert migrate(path, RandomIds()) == (LATEST + 1, LATEST + 1)

    async with opened(a_store(path)) as store:
        assert store.epoch == epoch
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1)]


async def test_a_migration_happens_as_a_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(a_store(path)):
        pass
    wrong = (*schema.MIGRATIONS, ("CREATE TABLE later (a INTEGER) STRICT", "CREATE TABLE feeds (f)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", wrong)
        with pytest.raises(StoreError, match="feeds already exists"):
            migrate(path, RandomIds())

    assert migrate(path, RandomIds()) == (LATEST, LATEST)
    async with opened(a_store(path)):
        pass


async def test_migrate_makes_a_new_file_and_respects_a_server(path: Path) -> None:
    assert migrate(path, RandomIds()) == (0, LATEST)

    async with opened(a_store(path)):
        with pytest.raises(StoreError, match="in use"):
            migrate(path, RandomIds())
