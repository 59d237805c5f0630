"""`rename-users` says what it would do, does it when told to, and says what is in the way or how to go on."""

import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import process, run
from tests.support.builders import an_endpoint, put_endpoints
from tests.support.encoding import encode
from unisono.server.clock import RandomIds
from unisono.server.model import FeedKey
from unisono.server.store.sqlite import SqliteStore, renaming

APP: Final = "mail.test"
SURE: Final = "Nothing was changed. To do it, stop the server, make a backup, and add --yes.\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


async def fill(path: Path, *ids: str) -> None:
    store = SqliteStore(path, ids=RandomIds(), encode=encode)
    await store.open()
    await put_endpoints(store, *(an_endpoint("phone", feed=FeedKey(APP, id_)) for id_ in ids))
    await store.close()


def rename(path: Path, *options: str, prefix: str = "entra:", app: str = APP) -> tuple[int, str, str]:
    """Run the command; return its status, and what it said."""
    result = run("rename-users", "--app", app, "--prefix", prefix, "--store", f"sqlite:///{path}", *options)
    return result.exit_code, result.stdout, result.stderr


def ids_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [id_ for (id_,) in connection.execute("SELECT user_id FROM feeds ORDER BY user_id")]


async def test_it_is_said_first_and_done_then(path: Path) -> None:
    await fill(path, "ada", "bob", "cleo", "dan")

    assert rename(path) == (
        0,
        f"{path}: 4 users of the app {APP} would get new ids\n"
        "  ada -> entra:ada\n  bob -> entra:bob\n  cleo -> entra:cleo\n  ...\n" + SURE,
        "",
    )
    assert ids_of(path) == ["ada", "bob", "cleo", "dan"]
    assert rename(path, "--yes") == (
        0,
        f"{path}: 4 users of the app {APP} got new ids\n"
        'Before the server starts, let the issuer of its users have user_prefix = "entra:".\n',
        "",
    )
    assert ids_of(path) == ["entra:ada", "entra:bob", "entra:cleo", "entra:dan"]
    for options in ((), ("--yes",)):
        told = f"{path}: all ids of the users of the app {APP} begin with entra: already\n"
        assert rename(path, *options) == (0, told, "")
    assert ids_of(path) == ["entra:ada", "entra:bob", "entra:cleo", "entra:dan"]


async def test_who_has_the_prefix_already_is_left_only_where_that_is_meant(path: Path) -> None:
    await fill(path, "ada", "entra:bob")

    refused = (
        f"Error: the users of the app {APP} cannot be renamed, and nothing was changed:\n"
        "  1 user with an id that begins with entra: already: entra:bob; where a server gave them that, "
        "leave them as they are with --keep-prefixed, otherwise take another prefix\n"
    )
    for options in ((), ("--yes",)):
        assert rename(path, *options) == (1, "", refused)
    stay = "1 user with entra: already stay as they are: entra:bob\n"
    assert stay + SURE in rename(path, "--keep-prefixed")[1]
    assert ids_of(path) == ["ada", "entra:bob"]
    assert stay in rename(path, "--keep-prefixed", "--yes")[1]
    assert ids_of(path) == ["entra:ada", "entra:bob"]


async def test_what_is_in_the_way_is_said_all_at_once(path: Path) -> None:
    ids = ["ada", "entra:ada", *(f"{n}{'ü' * 31}" for n in range(4))]
    await fill(path, *ids)

    status, out, error = rename(path, "--yes", "--keep-prefixed", "--config", str(narrow(path)))

    assert (status, out) == (1, "")
    assert error == (
        f"Error: the users of the app {APP} cannot be renamed, and nothing was changed:\n"
        f"  4 users would get an id of more than 64 bytes: 0{'ü' * 31}, 1{'ü' * 31}, 2{'ü' * 31}, ...; "
        "take a shorter prefix\n"
        "  1 user would get an id that another user has: entra:ada; two users never become one: erase one "
        "of the two (`unisono erase`), or take another prefix\n"
    )
    assert ids_of(path) == sorted(ids)


def narrow(path: Path) -> Path:
    """Settings with shorter ids than usual."""
    file = path.with_name("unisono.toml")
    file.write_text("id_bytes = 64\n")
    return file


async def test_ids_are_shown_as_they_are_and_harm_no_terminal(path: Path) -> None:
    """Old servers let more characters in than those of today would."""
    await fill(path, "a\u202eb", "ü" * 100)

    lines = rename(path, prefix="\u200b:")[1].splitlines()

    assert lines[1:3] == [
        "  'a\\u202eb' -> '\\u200b:a\\u202eb'",
        f"  {'ü' * 59}… -> {repr(chr(0x200B) + ':' + 'ü' * 100)[:59]}…",
    ]


async def test_ctrl_c_says_how_to_go_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(path, "ada", "bob", "cleo")

    @contextmanager
    def interrupted(_: str) -> Iterator[Callable[[int, int], None]]:
        def after_one(done: int, total: int) -> None:
            if done:
                raise KeyboardInterrupt

        yield after_one

    with monkeypatch.context() as patch:
        patch.setattr(renaming, "STEP", 1)
        patch.setattr(importlib.import_module("unisono.server.cli.rename_users"), "progress", interrupted)
        status, out, error = rename(path, "--yes")

    assert (status, out) == (1, "")
    assert error == (
        "Error: stopped when 1 of 3 users, or a few more, had their new ids. Run the same command again "
        "to go on; no server starts on the store before.\n"
    )
    told = f"{path}: a rename was cut off; 2 users of the app {APP} would get new ids\n  bob -> entra:bob\n"
    assert rename(path)[1] == f"{told}  cleo -> entra:cleo\nTo go on with it, add --yes.\n"
    line = f"run `unisono-server rename-users --app {APP} --prefix entra: --yes` on it first"
    assert line in rename(path, prefix="other:")[2]
    server = process("serve", "--dev", "--store", f"sqlite:///{path}", folder=path.parent)
    assert (server.returncode, line in server.stderr) == (1, True)
    assert f"{path}: 2 users of the app {APP} got new ids\n" in rename(path, "--yes")[1]
    assert ids_of(path) == ["entra:ada", "entra:bob", "entra:cleo"]


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("", "must not be empty"),
        ("a\nb", "control characters"),
        ("a" * 257, "more than 256 bytes"),
        ("\udcff", "not valid UTF-8"),
    ],
)
def test_a_prefix_that_no_id_can_have(path: Path, prefix: str, reason: str) -> None:
    status, out, error = rename(path, prefix=prefix)

    assert (status, out) == (2, "")
    assert reason in error
    assert not path.exists()


async def test_an_app_that_nobody_uses(path: Path) -> None:
    await fill(path, "ada")
    for app in ("", "mail"):
        result = rename(path, app=app)
        assert result[0] == 1
        assert f"apps that have: {APP}" in result[2]
    assert rename(path, app="\udcff")[0] == 2
