"""A file of a server that did not overwrite what it deleted is made anew by `migrate`, once."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute
from tests.support.builders import ALICE, a_notification, put
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import migrate, schema

MIB = 1024 * 1024
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A store of which an older server deleted a notification."""
    path = tmp_path / "unisono.db"
    async with opened(a_store(path)) as store:
        await put(store, a_notification("secret", 1), a_notification("kept", 2))
    delete = "DELETE FROM notifications WHERE id = 'secret'"
    execute(path, "PRAGMA secure_delete = OFF", delete, "UPDATE meta SET clean = 0")
    assert b"title of secret" in path.read_bytes()
    return path


def migrated(path: Path) -> list[tuple[str, float]]:
    """Migrate the file, and return what was told meanwhile."""
    told: list[tuple[str, float]] = []
    assert migrate(path, RandomIds(), lambda *step: told.append(step)) == (schema.latest(), schema.latest())
    return told


def files(path: Path) -> list[str]:
    return [file.name for file in path.parent.iterdir() if file.suffix != ".lock"]


async def test_nothing_that_was_deleted_is_left_and_the_rest_is_there(path: Path) -> None:
    ((what, seconds),) = migrated(path)

    assert what == "the file anew, without what was deleted before"
    assert 0 < seconds < 1
    assert b"title of secret" not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, files(path)) == (0o600, [path.name])
    async with opened(a_store(path)) as store:
        assert await store.find(ALICE, ids=["secret", "kept"]) == [a_notification("kept", 2)]
    assert migrated(path) == []


async def test_a_start_leaves_it_and_says_so(path: Path) -> None:
    with capture_logs() as logs:
        async with opened(a_store(path)):
            pass
    migrated(path)
    with capture_logs() as later:
        async with opened(a_store(path)):
            pass

    warning = "the file may have what was deleted before"
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [warning]
    assert later == []


async def test_without_room_for_a_copy_it_stays_as_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, MIB + 1))
        with pytest.raises(
            StoreError, match=r"has to be made anew, which takes .* and there are 0 MiB; free"
        ):
            migrated(path)

    assert path.read_bytes() == before
    assert len(migrated(path)) == 1


async def test_what_is_cut_off_is_done_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(schema, "set_clean", fail)
        with pytest.raises(KeyboardInterrupt):
            migrated(path)

    assert files(path) == [path.name]
    assert len(migrated(path)) == 1
