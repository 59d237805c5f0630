"""The file of the audit log: whole lines in their order, whatever becomes of the disk, in bounded memory."""

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support.clocks import START, FakeClock
from unisono.server.app import audit_file
from unisono.server.app.audit_file import MAX_WAITING, AuditFile

#: A device on which there is never room.
FULL = Path("/dev/full")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write at once, and repeat soon what failed."""
    monkeypatch.setattr(audit_file, "_LINGER", 0.0)
    monkeypatch.setattr(audit_file, "_RETRY", 0.01)
    monkeypatch.setattr(audit_file, "_LAST", 0.1)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest_asyncio.fixture
async def file(path: Path) -> AsyncIterator[AuditFile]:
    file = AuditFile(path, FakeClock(START + 7))
    yield file
    await file.close()


async def test_a_record_is_a_line_with_its_time_and_without_empty_fields(path: Path) -> None:
    file = AuditFile(path, FakeClock(START + 7))
    file.append({"event": "write", "user": "", "target_user": "a\nb\u2028c", "count": 0})
    await file.close()
    (line,) = path.read_text().split("\n")[:-1]
    assert line.isascii()
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.007Z",
        "event": "write",
        "target_user": "a\nb\u2028c",
        "count": 0,
    }


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o640, 0o640), (0o666, 0o660)])
async def test_it_is_never_for_all_users(path: Path, before: int | None, after: int) -> None:
    if before is not None:
        path.touch()
        path.chmod(before)
    mask = os.umask(0)
    try:
        await AuditFile(path, FakeClock()).close()
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == after


async def test_it_is_appended_to(path: Path) -> None:
    for number in range(2):
        file = AuditFile(path, FakeClock())
        file.append({"number": number})
        await file.close()
    assert [line["number"] for line in lines(path)] == [0, 1]


async def test_what_is_written_after_it_was_renamed_and_reopened_is_in_the_new_file(path: Path) -> None:
    file, old = AuditFile(path, FakeClock()), path.with_suffix(".1")
    for number in range(3):
        file.append({"number": number})
    await file.flush()
    path.rename(old)
    file.reopen()
    file.append({"number": 3})
    await file.close()
    assert [line["number"] for line in lines(old)] == [0, 1, 2]
    assert [line["number"] for line in lines(path)] == [3]


async def test_it_goes_on_in_the_old_file_where_no_new_one_can_be_opened(path: Path) -> None:
    folder = path.parent / "log"
    folder.mkdir()
    file = AuditFile(folder / "audit.jsonl", FakeClock())
    folder.rename(path.parent / "old")
    with pytest.raises(FileNotFoundError):
        file.reopen()
    file.append({"number": 1})
    await file.close()
    assert [line["number"] for line in lines(path.parent / "old" / "audit.jsonl")] == [1]


async def test_what_cannot_be_written_waits_and_what_is_too_much_is_counted(path: Path) -> None:
    # Given a full disk
    path.symlink_to(FULL)
    file = AuditFile(path, FakeClock())
    with failing() as (entries, failed):
        # When more is recorded than may wait
        for number in range(1500):
            file.append({"number": number, "text": "x" * 1000})
        await failed.wait()
        # and there is room again
        path.unlink()
        file.reopen()
        await file.flush()
        await file.close()
    # Then what waited is there, and how many were lost is said in both logs
    *kept, last = lines(path)
    lost = 1500 - len(kept)
    assert [line["number"] for line in kept] == list(range(len(kept)))
    assert MAX_WAITING - 2000 < path.stat().st_size < MAX_WAITING + 200
    assert (last["event"], last["count"]) == ("records lost", lost)
    assert [(entry["event"], entry.get("count")) for entry in entries] == [
        ("the audit log could not be written", None),
        ("audit records were lost", lost),
    ]


async def test_what_is_lost_at_the_end_is_said(path: Path) -> None:
    path.symlink_to(FULL)
    file = AuditFile(path, FakeClock())
    for number in range(3):
        file.append({"number": number})
    with capture_logs() as entries:
        await file.close()
    assert entries[-1]["event"] == "audit records were lost"
    assert entries[-1]["count"] == 3


@pytest.fixture
def reader(path: Path) -> Iterator[int]:
    """The end of a pipe that has room for a page."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    yield reader
    os.close(reader)


async def test_lines_are_whole_where_there_is_room_for_a_part_of_one(path: Path, reader: int) -> None:
    file = AuditFile(path, FakeClock())
    with capture_logs():
        for number in range(30):
            file.append({"number": number, "text": "x" * 999})
        said = b""
        while said.count(b"\n") < 30:
            try:
                said += os.read(reader, 1500)
            except BlockingIOError:
                await asyncio.sleep(0.001)
        await file.close()
    assert [json.loads(line)["number"] for line in said.splitlines()] == list(range(30))


async def test_no_line_begins_in_one_file_and_ends_in_another(path: Path, reader: int) -> None:
    file = AuditFile(path, FakeClock())
    with failing() as (_, failed):
        for number in range(9):
            file.append({"number": number, "text": "x" * 999})
        await failed.wait()
        path.unlink()
        file.reopen()
        await file.close()
    torn = os.read(reader, 4096).splitlines()
    assert [line["number"] for line in lines(path)[:-1]] == list(range(len(torn), 9))
    assert lines(path)[-1]["count"] == 1


@contextmanager
def failing() -> Iterator[tuple[list[EventDict], asyncio.Event]]:
    """Yield what is logged, and an event that is set when a write has failed."""
    failed = asyncio.Event()

    def hear(_: object, __: str, entry: EventDict) -> EventDict:
        if entry["event"] == "the audit log could not be written":
            failed.set()
        return entry

    with capture_logs(processors=[hear]) as entries:
        yield entries, failed
