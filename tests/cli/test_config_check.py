"""`config --check`: whether a server would start, without starting one, and all that is wrong at once."""

import datetime
from pathlib import Path

import pytest
import trustme

from tests.cli.command import run, said
from tests.cli.test_health import stored, written
from tests.support.processes import TESTERS
from unisono.server.store.sqlite import schema


class Folder:
    """A folder in which a server would start. `check` returns the exit status, and what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = path / "unisono.db"

    def check(self, *flags: object, **environ: str) -> tuple[int, str]:
        before = {one.name for one in self.path.iterdir()}
        setting = ("--store", f"sqlite:///{self.store}")
        result = run("config", "--check", *setting, *flags, **{**TESTERS, **environ})
        assert {one.name for one in self.path.iterdir()} == before, "nothing is made"
        return result.exit_code, said(result) if result.exit_code else result.output


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_server_would_start(folder: Folder) -> None:
    assert folder.check() == (0, "")
    assert folder.check("--dev") == (0, "")
    assert run("migrate", "--store", f"sqlite:///{folder.store}").exit_code == 0
    flags = stored(trustme.CA(), "push.example.com", folder.path)
    log = ("--audit-log", folder.path / "audit.jsonl", "--metrics-listen", "127.0.0.1:0")
    assert folder.check(*flags, *log) == (0, "")


def test_nobody_is_trusted(folder: Folder) -> None:
    code, wrong = folder.check(UNISONO_ISSUERS="[]")
    assert (code, "no issuer of access tokens is declared" in wrong) == (1, True)


def test_a_setting_is_wrong(folder: Folder) -> None:
    assert folder.check("--heartbeat", "soon")[0] == 2


def test_all_that_is_wrong_is_told_at_once(folder: Folder) -> None:
    ended = datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC)
    flags = written(trustme.CA().issue_cert("push.example.com", not_after=ended), folder.path)
    folder.store.write_text("a letter " * 100)
    same = ("--listen", "127.0.0.1:50051", "--metrics-listen", "127.0.0.1:50051")
    code, wrong = folder.check(*flags, *same, "--audit-log", folder.path / "absent" / "audit.jsonl")
    assert code == 1
    expected = (
        "has expired",
        "is not a SQLite database",
        "absent does not exist",
        "give metrics another port",
    )
    lines = wrong.splitlines()
    assert len(lines) == len(expected)
    assert all(text in line for text, line in zip(expected, lines, strict=True)), wrong


def test_a_key_that_all_may_read(folder: Folder) -> None:
    flags = stored(trustme.CA(), "push.example.com", folder.path)
    (folder.path / "key.pem").chmod(0o644)
    code, wrong = folder.check(*flags)
    assert (code, "chmod o-rwx" in wrong) == (1, True)


def test_a_store_of_a_newer_server(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("migrate", "--store", f"sqlite:///{folder.store}").exit_code == 0
    monkeypatch.setattr(schema, "latest", lambda: 1)
    code, wrong = folder.check()
    assert code == 1
    assert str(folder.store) in wrong


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.store = tmp_path / "absent" / "unisono.db"
    code, wrong = folder.check()
    assert (code, "absent does not exist" in wrong) == (1, True)
