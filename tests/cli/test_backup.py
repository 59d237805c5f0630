"""`backup` again and again: copies that replace others, or lie in a folder of which the oldest go."""

import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command import run, said
from tests.support.processes import TIMEOUT
from tests.support.small_disk import SmallDisk, small_disk

NAME = re.compile(r"unisono-\d{4}-\d\d-\d\dT\d{6}Z\.db")
OLD = [f"unisono-2020-01-0{day}T021500Z.db" for day in range(1, 6)]


class Files:
    """A store with some notifications, and a folder for its copies."""

    def __init__(self, folder: Path) -> None:
        self.store, self.copies = folder / "unisono.db", folder / "copies"
        self.copies.mkdir()
        self.setting = ("--store", f"sqlite:///{self.store}")
        assert run("migrate", *self.setting).exit_code == 0

    def put(self, *names: str) -> None:
        """Put copies of the store into the folder."""
        for name in names:
            shutil.copy(self.store, self.copies / name)

    def damage(self) -> None:
        """Overwrite where a table begins."""
        with closing(sqlite3.connect(self.store)) as connection:
            query = "SELECT rootpage FROM sqlite_schema WHERE name = 'notifications'"
            (page,) = connection.execute(query).fetchone()
        content = bytearray(self.store.read_bytes())
        content[4096 * (page - 1) : 4096 * page] = bytes(range(256)) * 16
        self.store.write_bytes(content)

    def names(self) -> set[str]:
        return {file.name for file in self.copies.iterdir()}

    def into_folder(self, *flags: str) -> str:
        """Back up into the folder, and return the name of the copy."""
        before = self.names()
        result = run("backup", *self.setting, "--to", f"{self.copies}/", *flags)
        assert (result.exit_code, result.output) == (0, "")
        (made,) = self.names() - before
        assert NAME.fullmatch(made)
        return made


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_copy_in_a_folder_is_named_by_its_time(files: Files) -> None:
    made = files.into_folder()
    restored = files.copies / "restored.db"
    done = run("restore", "--from", files.copies / made, "--store", f"sqlite:///{restored}")
    assert done.exit_code == 0


def test_the_newest_stay(files: Files) -> None:
    files.put(*OLD)
    made = files.into_folder("--keep", "3")
    assert files.names() == {made, *OLD[-2:]}


def test_the_new_one_stays_whatever_its_clock_says(files: Files) -> None:
    files.put("unisono-2099-01-01T000000Z.db")
    made = files.into_folder("--keep", "1")
    assert files.names() == {made}


def test_without_a_number_all_stay(files: Files) -> None:
    files.put(*OLD)
    made = files.into_folder()
    assert files.names() == {made, *OLD}


def test_nothing_goes_that_is_not_a_copy_of_its_own(files: Files) -> None:
    others = {
        "mail-2020-01-01T021500Z.db",
        "unisono-2020-01-01T021500Z.db.gz",
        "unisono-2020-01-01.db",
        "my-unisono-2020-01-01T021500Z.db",
        "unisono.db",
    }
    files.put(*others)
    (files.copies / OLD[0]).write_text("a letter")
    (files.copies / OLD[1]).symlink_to(files.store)
    (files.copies / OLD[2]).mkdir()
    files.put(OLD[3])
    (files.copies / f"{OLD[3]}-wal").touch()
    before = files.names()
    assert len(before) == 10
    made = files.into_folder("--keep", "1")
    assert files.names() == {*before, made}
    assert files.store.exists()


def test_a_damaged_store_costs_no_backup(files: Files) -> None:
    files.put(*OLD)
    files.damage()
    result = run("backup", *files.setting, "--to", files.copies, "--keep", "1")
    assert result.exit_code == 1
    assert f"the copy of {files.store} is damaged" in said(result)
    assert files.names() == set(OLD)


def test_a_backup_takes_the_place_of_another(files: Files) -> None:
    target = files.copies / "unisono.db"
    files.put("unisono.db")
    before = target.stat().st_ino
    result = run("backup", *files.setting, "--to", target, "--replace")
    assert (result.exit_code, result.output) == (0, "")
    assert target.stat().st_ino != before
    assert files.names() == {"unisono.db"}
    assert run("backup", *files.setting, "--to", files.copies / "first.db", "--replace").exit_code == 0


def test_nothing_else_is_replaced(files: Files) -> None:
    letter, used = files.copies / "letter.txt", files.copies / "used.db"
    letter.write_text("dear reader")
    files.put("used.db")
    used.with_name("used.db-wal").touch()
    for target, why in ((letter, "not a backup"), (used, "has it open"), (files.store, "the store itself")):
        before = target.read_bytes()
        result = run("backup", *files.setting, "--to", target, "--replace")
        assert result.exit_code == 1
        assert why in said(result)
        assert target.read_bytes() == before


def test_a_damaged_store_replaces_nothing(files: Files) -> None:
    files.put("unisono.db")
    before = (files.copies / "unisono.db").read_bytes()
    files.damage()
    assert run("backup", *files.setting, "--to", files.copies / "unisono.db", "--replace").exit_code == 1
    assert (files.copies / "unisono.db").read_bytes() == before
    assert files.names() == {"unisono.db"}


@pytest.mark.parametrize("flags", [("--to", "{}/", "--keep", "1"), ("--to", "{}/unisono.db", "--replace")])
def test_what_a_killed_backup_has_left_is_removed(files: Files, flags: tuple[str, ...]) -> None:
    """But not what another one may still write to, nor what is none of its own."""
    name = "unisono.db" if "--replace" in flags else OLD[0]
    abandoned, written, other = (
        f"{part}.partial" for part in (f"{name}.abcd_123", f"{name}.ABCD_123", "my.db")
    )
    files.put(abandoned, written, other)
    for file in (abandoned, other):
        os.utime(files.copies / file, (0, 0))
    assert run("backup", *files.setting, *(flag.format(files.copies) for flag in flags)).exit_code == 0
    left = {file for file in files.names() if file.endswith(".partial")}
    assert left == {written, other}


@pytest.mark.parametrize(
    "flags",
    [
        ("--to", "backup.db", "--keep", "3"),
        ("--to", "{}/", "--replace"),
        ("--to", "{}", "--replace"),
        ("--to", "{}/", "--keep", "0"),
        ("--keep", "3"),
    ],
)
def test_flags_that_do_not_fit(files: Files, flags: tuple[str, ...]) -> None:
    result = run("backup", *files.setting, *(flag.format(files.copies) for flag in flags))
    assert result.exit_code == 2
    assert files.names() == set()


def test_a_folder_is_not_made(files: Files) -> None:
    """It may be the disk for backups that is not mounted."""
    result = run("backup", *files.setting, "--to", f"{files.copies}/absent/", "--keep", "3")
    assert result.exit_code == 1
    assert "absent does not exist" in said(result)
    assert files.names() == set()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", size=4) as disk:
        yield disk


def test_a_disk_without_room_is_not_filled_up(files: Files, disk: SmallDisk) -> None:
    disk.fill(leave=64 * 1024)
    program = (*disk.under, sys.executable, "-m", "unisono.server", "backup", *files.setting)
    done = subprocess.run(
        (*program, "--to", f"{disk.folder}/", "--keep", "1"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "the backup takes 1 MB" in done.stderr


def test_success_is_told_on_a_terminal_alone(files: Files) -> None:
    terminal, shown = pty.openpty()
    try:
        program = (sys.executable, "-m", "unisono.server", "backup", *files.setting)
        command = (*program, "--to", str(files.copies / "copy.db"))
        subprocess.run(command, stdout=shown, stderr=subprocess.DEVNULL, check=True, timeout=TIMEOUT)
        told = os.read(terminal, 65536).decode()
    finally:
        os.close(shown)
        os.close(terminal)
    assert told == f"backed up {files.store} to {files.copies / 'copy.db'}\r\n"
