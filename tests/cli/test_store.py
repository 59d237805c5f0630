"""`migrate`, `backup` and `restore` on real files."""

import os
import pty
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run, said
from tests.support.encoding import encode
from tests.support.processes import TIMEOUT
from unisono.server.clock import RandomIds
from unisono.server.store.sqlite import SqliteStore, migrations, schema


class Files:
    """A store, and a backup of it."""

    def __init__(self, folder: Path) -> None:
        self.store, self.backup = folder / "unisono.db", folder / "backup.db"
        self.setting = ("--store", f"sqlite:///{self.store}")
        assert run("migrate", *self.setting).exit_code == 0


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def epoch(file: Path) -> bytes:
    store = SqliteStore(file, ids=RandomIds(), encode=encode)
    await store.open()
    await store.close()
    return store.epoch


def test_migrate(tmp_path: Path) -> None:
    file = tmp_path / "unisono.db"
    latest = schema.latest()
    assert run("migrate", "--store", f"sqlite:///{file}").stdout == f"{file}: version 0 became {latest}\n"
    assert run("migrate", "--store", f"sqlite:///{file}").stdout == f"{file} has version {latest} already\n"


def test_migrate_says_what_it_does_and_how_long_that_may_take(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = migrations.Migration(statements=(), reads_notifications=True)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, following))
    monkeypatch.setattr(schema, "PAGES_PER_SECOND", 0.5)
    result = run("migrate", *files.setting)
    version = schema.latest()
    assert result.stderr.startswith(f"making version {version}, which may take ")
    assert result.stdout == f"{files.store}: version {version - 1} became {version}\n"


def test_migrate_says_what_is_to_be_done_and_does_nothing(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest, usable = schema.latest(), 10
    nothing = run("migrate", "--check", *files.setting)
    has = f"{files.store} has version {latest}; servers from version {usable} on may use it\n"
    assert (nothing.exit_code, nothing.stdout) == (0, f"{has}nothing is to be done\n")
    assert nothing.stderr == ""

    following = [
        migrations.Migration(statements=("CREATE TABLE later (a) ",)),
        migrations.Migration(statements=(), compatible_from=latest + 1, reads_notifications=True),
    ]
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, *following))
    monkeypatch.setattr(schema, "PAGES_PER_SECOND", 0.5)
    for _ in range(2):
        result = run("migrate", "--check", *files.setting)
        assert result.exit_code == 3
        told, seconds = result.stdout.removeprefix(has).splitlines(), r"which may take \d+ s"
        assert told[0] == f"to be made: version {latest + 1}"
        assert re.fullmatch(f"to be made: version {latest + 2}, {seconds}", told[1])
        assert told[2:] == [
            f"then it has version {latest + 2}; servers from version {latest + 1} on may use it",
            "nothing was changed",
        ]


def test_there_must_be_a_store_to_be_checked(tmp_path: Path) -> None:
    result = run("migrate", "--check", "--store", f"sqlite:///{tmp_path}/absent.db")
    assert (result.exit_code, list(tmp_path.iterdir())) == (1, [])
    assert "absent.db does not exist" in said(result)
    assert run("migrate", "--check", "--store", "paper").exit_code == 2


@pytest.fixture
def no_umask() -> Iterator[None]:
    """Files are made with all permissions that the program asks for."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("no_umask")
def test_whatever_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    files = Files(tmp_path)
    restored = tmp_path / "restored.db"
    assert run("backup", "--to", files.backup, *files.setting).exit_code == 0
    assert run("restore", "--from", files.backup, "--store", f"sqlite:///{restored}").exit_code == 0
    assert run("token", *files.setting).exit_code == 0
    made = {file.name: stat.filemode(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert {"unisono.db", "backup.db", "restored.db", "unisono.db.dev-key"} <= made.keys()
    assert set(made.values()) == {"-rw-------"}


@pytest.mark.parametrize("command", [["migrate"], ["backup", "--to", "absent.db"]])
def test_a_file_that_is_no_store(tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("dear reader, " * 100)
    result = run(*command, "--store", f"sqlite:///{file}")
    assert result.exit_code == 1
    assert f"{file} is not a SQLite database" in said(result)


async def test_backup_and_restore(files: Files) -> None:
    before = await epoch(files.store)
    result = run("backup", *files.setting, "--to", files.backup)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == ""
    assert await epoch(files.backup) == before

    files.store.unlink()
    assert run("restore", *files.setting, "--from", files.backup).exit_code == 0
    assert await epoch(files.store) != before


def test_backup_over_a_file(files: Files) -> None:
    files.backup.touch()
    result = run("backup", *files.setting, "--to", files.backup)
    assert result.exit_code == 1
    assert "exists" in said(result)


def test_backup_of_nothing(tmp_path: Path) -> None:
    result = run("backup", "--store", f"sqlite:///{tmp_path}/absent.db", "--to", tmp_path / "backup.db")
    assert result.exit_code == 1
    assert "does not exist" in said(result)
    assert list(tmp_path.iterdir()) == []


async def test_restore_over_a_store_must_be_forced(files: Files) -> None:
    run("backup", *files.setting, "--to", files.backup)
    before = await epoch(files.store)
    result = run("restore", *files.setting, "--from", files.backup)
    assert result.exit_code == 1
    assert "exists" in said(result)
    assert await epoch(files.store) == before
    assert run("restore", *files.setting, "--from", files.backup, "--force").exit_code == 0
    assert await epoch(files.store) != before


async def test_restore_while_a_server_uses_the_store(files: Files) -> None:
    run("backup", *files.setting, "--to", files.backup)
    store = SqliteStore(files.store, ids=RandomIds(), encode=encode)
    await store.open()
    try:
        result = run("restore", *files.setting, "--from", files.backup, "--force")
    finally:
        await store.close()
    assert result.exit_code == 1
    assert str(files.store) in said(result)


def test_bar_on_a_terminal(files: Files) -> None:
    terminal, stderr = pty.openpty()
    try:
        program = (sys.executable, "-m", "unisono.server")
        command = (*program, "backup", *files.setting, "--to", str(files.backup))
        subprocess.run(command, stderr=stderr, stdout=subprocess.DEVNULL, check=True, timeout=TIMEOUT)
        shown = os.read(terminal, 65536).decode()
    finally:
        os.close(stderr)
        os.close(terminal)
    assert "backing up" in shown
    assert "100%" in shown
