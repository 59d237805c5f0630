"""A device's file is whole after any end, of one process and one user; a foreign one is refused."""

import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.sdk.device_script import laptop
from tests.sdk.programs import Program, run
from unisono.client import FileStorage, StorageFailed
from unisono.client._device.storage import APPLICATION_ID, VERSION

NOWHERE = "127.0.0.1:1"


@asynccontextmanager
async def loaded(path: Path) -> AsyncIterator[FileStorage]:
    storage = FileStorage(path)
    try:
        await storage.load()
        yield storage
    finally:
        await storage.close()


async def kept(path: Path) -> dict[str, bytes]:
    storage = FileStorage(path)
    try:
        return dict(await storage.load())
    finally:
        await storage.close()


async def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    async with loaded(path) as storage:
        await storage.save({"a": b"1", "b": b"2", "c": b""})
        await storage.save({"a": b"3", "b": None, "never": None})

    assert await kept(path) == {"a": b"3", "c": b""}
    assert [file.name for file in tmp_path.iterdir()] == ["inbox"]


async def test_what_was_closed_saves_nothing_more(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path / "inbox")
    await storage.load()
    await storage.close()

    with pytest.raises(StorageFailed, match="was closed with its device"):
        await storage.save({"a": b"1"})


async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    async with loaded(tmp_path / "inbox") as storage:
        await storage.save({"a": b"1"})

        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}

    assert "inbox" in modes
    assert set(modes.values()) == {0o600}


def foreign_text(path: Path) -> None:
    path.write_text("Dear diary, " * 500)


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE kept (key TEXT, value BLOB)")


def database_of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA application_id = 17")


def file_of_another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {VERSION + 1}")


@pytest.mark.parametrize(
    "foreign", [foreign_text, foreign_database, database_of_another_program, file_of_another_version]
)
async def test_a_file_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, foreign: object) -> None:
    assert callable(foreign)
    path = tmp_path / "inbox"
    foreign(path)
    before = path.read_bytes()
    device = laptop(NOWHERE, storage=FileStorage(path))

    with pytest.raises(StorageFailed, match=r"inbox: .*not a (file of|database)"):
        await device.open()

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["inbox"]


@pytest.mark.parametrize("name", ["no-such-folder/inbox", "."])
async def test_a_place_where_no_file_can_be(tmp_path: Path, name: str) -> None:
    device = laptop(NOWHERE, storage=FileStorage(tmp_path / name))

    with pytest.raises(StorageFailed):
        await device.open()


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    async with loaded(path) as storage:
        await storage.save({f"key {number}": b"x" * 1000 for number in range(100)})
    content = bytearray(path.read_bytes())
    content[4096:20000] = b"\xff" * (20000 - 4096)
    path.write_bytes(content)

    with pytest.raises(StorageFailed, match="inbox"):
        await kept(path)


TRY = """
import asyncio, sys, time
from unisono.client import FileStorage, StorageFailed

# Nothing is waited for; whoever left it to SQLite would wait for five seconds.
TIMEOUT = 4

async def main():
    storage, began = FileStorage(sys.argv[1]), time.monotonic()
    try:
        await storage.load()
        print("loaded")
    except StorageFailed as error:
        print("refused" if time.monotonic() - began < TIMEOUT else "refused late", error)
    await storage.close()

asyncio.run(main())
"""


async def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "inbox"
    async with loaded(path) as storage:
        first = await run(TRY, str(path))
        await storage.save({"a": b"1"})
    then = await run(TRY, str(path))

    assert first.stdout == f"refused {path}: another device has it open\n"
    assert then.stdout == "loaded\n"


async def test_a_second_device_of_the_process_does_not_open_the_door(tmp_path: Path) -> None:
    """The locks of a process on a file end when it closes that file, whichever part of it does."""
    path = tmp_path / "inbox"
    async with loaded(path) as storage:
        await storage.save({"a": b"1"})
        with pytest.raises(StorageFailed, match="another device"):
            await kept(path)

        assert (await run(TRY, str(path))).stdout.startswith("refused")


KILLED = """
import asyncio, os, random, signal, sys, time
from unisono.client import FileStorage
from unisono.client._device.inbox_changes import InboxChanges
from unisono.client._device.persistence import Persistence
from unisono.v1 import feed_service_pb2 as feed_pb, notification_pb2 as pb

ROWS = 40

async def write(path, ready):
    persistence = Persistence(FileStorage(path), "laptop")
    revision = (await persistence.load()).point.revision
    while True:
        revision += 1
        rows = {f"id-{n}": pb.Notification(id=f"id-{n}", revision=revision) for n in range(ROWS)}
        rows[f"id-{revision % ROWS}"] = None
        point = feed_pb.SubscribeResponse(resume_token=b"%d" % revision, revision=revision, complete=True)
        await persistence.save_changes(InboxChanges(events=(), rows=rows, shown={}, point=point))
        os.write(ready, b".")

async def check(path):
    persistence = Persistence(FileStorage(path), "laptop")
    kept = await persistence.load()
    await persistence.close()
    point = kept.point.revision
    assert {row.revision for row in kept.rows.values()} == {point}, "rows of different points"
    assert f"id-{point % ROWS}" not in kept.rows and len(kept.rows) == ROWS - 1, "a change is missing"
    assert kept.point.resume_token == b"%d" % point
    return point

path, reached = sys.argv[1], 0
for _ in range(int(sys.argv[2])):
    reading, ready = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(write(path, ready))
        finally:
            os._exit(1)
    os.close(ready)
    os.read(reading, 1)
    time.sleep(random.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it ended by itself"
    said = 1
    while got := len(os.read(reading, 4096)):
        said += got
    os.close(reading)
    point = asyncio.run(check(path))
    assert point >= reached + said, "what was saved is gone"
    reached = point
print("whole")
"""


async def test_a_kill_at_any_moment_leaves_one_complete_point(tmp_path: Path) -> None:
    ended = await run(KILLED, str(tmp_path / "inbox"), "40")

    assert (ended.stdout, ended.stderr) == ("whole\n", "")


FULL = """
import asyncio, resource, sys
from pathlib import Path
from unisono.client import FileStorage, StorageFailed

async def main():
    path = Path(sys.argv[1])
    storage = FileStorage(path)
    await storage.load()
    await storage.save({"a": b"1", "b": b"2"})
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, unlimited[1]))
    for _ in range(2):
        try:
            await storage.save({"a": None, "b": b"3", "large": bytes(1_000_000)})
        except StorageFailed as error:
            print("failed", path.name in str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    if sys.argv[2] == "again":
        await storage.save({"c": b"4"})
    await storage.close()
    storage = FileStorage(path)
    print(sorted((await storage.load()).items()))
    await storage.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("then", "more"), [("again", [("c", b"4")]), ("not", [])])
async def test_a_full_disk_leaves_what_was_kept(
    tmp_path: Path, then: str, more: list[tuple[str, bytes]]
) -> None:
    ended = await run(FULL, str(tmp_path / "inbox"), then)

    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["failed True"] * 2 + [str([("a", b"1"), ("b", b"2"), *more])]


KEPT_OPEN = """
import asyncio, sys
from unisono.client import FileStorage

async def main():
    storage = FileStorage(sys.argv[1])
    await storage.load()
    await storage.save({"a": b"1"})
    print("open")
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_process_that_is_killed_holds_nobody_up(tmp_path: Path) -> None:
    program = await Program.start(KEPT_OPEN, str(tmp_path / "inbox"))
    await program.line()

    program.signal(signal.SIGKILL)
    await program.ended()

    assert await kept(tmp_path / "inbox") == {"a": b"1"}
