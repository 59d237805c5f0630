"""The file of a store: one server at a time, and words for the operator when it is not what it should be."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store, execute, failure
from tests.support.builders import ALICE, a_notification, a_tombstone, put, removed
from unisono.server.store.sqlite import file, schema

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


async def test_a_new_file_is_for_its_owner_only_and_marked_as_ours(path: Path) -> None:
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        beside = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]
        assert {file.stat().st_mode & 0o777 for file in beside} == {0o600}

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert (schema.version(connection), schema.compatible_from(connection)) == (schema.latest(), 10)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_closed_store_leaves_everything_in_the_one_file(path: Path) -> None:
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))

    copy = path.rename(path.with_name("elsewhere.db"))
    async with opened(a_store(copy)) as store:
        assert await store.find(ALICE, ids=["n1"]) == [a_notification("n1", 1)]


async def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()

    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))


async def test_a_path_may_have_any_name_and_be_a_link(tmp_path: Path) -> None:
    path = tmp_path / "a ?mode=ro#%41 ü.db"
    link = tmp_path / "link"
    link.symlink_to(path)

    async with opened(a_store(link)) as store:
        await put(store, a_notification("n1", 1))
        assert "in use" in await failure(path)

    assert path.stat().st_size
    assert await failure(tmp_path / "link" / "below")


async def test_a_file_serves_one_store_at_a_time(path: Path) -> None:
    async with opened(a_store(path)) as store:
        message = await failure(path)
        await put(store, a_notification("n1", 1))

    assert message == f"{path} is in use by another unisono-server; stop that one, or use another file"
    async with opened(a_store(path)):
        pass


async def test_another_process_holds_the_file_until_it_ends(path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"holding\n"
        assert "in use" in await failure(path)
    finally:
        holder.kill()
        await holder.communicate()

    async with opened(a_store(path)):
        pass


HOLD = """
import asyncio, sys
from pathlib import Path
from unisono.server.clock import RandomIds
from unisono.server.store.sqlite import SqliteStore

async def hold():
    store = SqliteStore(Path(sys.argv[1]), ids=RandomIds(), encode=bytes)
    await store.open()
    print("holding", flush=True)
    sys.stdin.read()

asyncio.run(hold())
"""


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    message = await failure(tmp_path / "nowhere" / "unisono.db")

    assert message == f"the folder {tmp_path / 'nowhere'} does not exist; make it, or use another file"


async def test_a_folder_is_no_file(path: Path) -> None:
    path.mkdir()

    assert await failure(path) == f"{path} is a folder; name a file in it"


async def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("Dear diary,\n" * 100)

    assert await failure(path) == f"{path} is not a SQLite database; use another file"
    assert path.read_text() == "Dear diary,\n" * 100


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE feeds (feed INTEGER)"],
        ["PRAGMA application_id = 7"],
        ["CREATE TABLE feeds (feed INTEGER)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"],
    ],
)
async def test_a_database_of_another_program_is_left_alone(path: Path, statements: list[str]) -> None:
    execute(path, *statements)
    before = path.read_bytes()

    assert await failure(path) == f"{path} is a database of another program; use another file"
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}


async def test_an_sqlite_that_is_too_old_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))

    assert "the server needs 3.37.0 or later" in await failure(path)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that others may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


OPEN_AS_NOBODY = """
import asyncio, json, os, sys
from pathlib import Path
from unisono.server.clock import RandomIds
from unisono.server.store.base import StoreError
from unisono.server.store.sqlite import SqliteStore

async def open_as_nobody():
    if os.getuid() == 0:
        os.setuid(int(sys.argv[2]))
    store = SqliteStore(Path(sys.argv[1]), ids=RandomIds(), encode=bytes)
    try:
        await store.open()
    except StoreError as error:
        print(json.dumps(str(error)), flush=True)
    finally:
        await store.close()

asyncio.run(open_as_nobody())
os._exit(0)
"""


def locked_folder(path: Path) -> None:
    path.parent.chmod(0o555)


def locked_file(path: Path) -> None:
    path.parent.chmod(0o777)
    path.touch(0o444)


def hidden_folder(path: Path) -> None:
    path.parent.chmod(0o000)


@pytest.mark.parametrize("lock", [locked_folder, locked_file, hidden_folder])
def test_what_may_not_be_written_is_refused(shared: Path, lock: Callable[[Path], None]) -> None:
    """Root may write everything, so a child asks that is somebody else."""
    path = shared / "unisono.db"
    lock(path)

    child = subprocess.run(
        [sys.executable, "-c", OPEN_AS_NOBODY, str(path), str(NOBODY)], capture_output=True, check=True
    )
    shared.chmod(0o755)

    assert json.loads(child.stdout) == (
        f"cannot use {path}: Permission denied; let the server read and write it and its folder, "
        "or use another file"
    )


async def test_the_tombstones_of_a_feed_are_counted_in_its_row(path: Path) -> None:
    """Retention finds the feeds with too many by this number alone."""
    row = a_notification("n1", 1)
    async with opened(a_store(path)) as store:
        await put(store, row)
        await put(store, removed(row, 2), a_tombstone("n3", 3))
        await put(store, removed(row, 4))

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT tombstones FROM feeds").fetchall() == [(2,)]


async def test_its_log_need_not_grow_while_it_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LOG_PAGES", 1000)
    log = path.with_name(f"{path.name}-wal")
    for revision in (1, 2):
        async with opened(a_store(path)) as store:
            before = log.stat().st_size
            await put(store, a_notification(f"n{revision}", revision, payload=bytes(1_000_000)))

            assert log.stat().st_size == before > 4_000_000
            assert log.stat().st_mode & 0o777 == 0o600
            assert len(await store.find(ALICE, ids=["n1", "n2"])) == revision


async def test_a_log_with_room_is_read_as_far_as_it_goes(path: Path) -> None:
    """What a server that was killed left behind."""
    async with opened(a_store(path)) as store:
        await put(store, a_notification("n1", 1))
        for name in ("", "-wal"):
            shutil.copy(f"{path}{name}", f"{path}.killed{name}")

    async with opened(a_store(path.with_name(f"{path.name}.killed"))) as store:
        assert await store.find(ALICE, ids=["n1"])
        await put(store, a_notification("n2", 2))
        assert len(await store.find(ALICE, ids=["n1", "n2"])) == 2
