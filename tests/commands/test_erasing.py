"""export prints all that there is of a user, and erase forgets it, after it has asked."""

from dataclasses import fields

import pytest

from tests.commands.terminal import terminal
from tests.commands.unisono import Cli, objects
from tests.support import tokens
from tests.support.processes import ServerProcess
from unisono.client import Endpoint, Notification


@pytest.fixture
def eraser(server: ServerProcess) -> Cli:
    """Commands of an app that may delete users."""
    return Cli(server.address, tokens.publisher(scope=tokens.ERASER_SCOPES))


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def test_all_is_exported(app: Cli, user: Cli, ada: str) -> None:
    one, two = (app.stdout("send", ada, title, "--body", f"Of {title}").strip() for title in ("One", "Two"))
    user.stdout("mark", one, "--read")

    feed, device, *rows = objects(app.stdout("export", ada))

    assert feed == {"feed": {"user_id": ada, "last_revision": 3, "unread_count": 1}}
    assert [set(line) for line in (device, *rows)] == [{"endpoint"}, {"notification"}, {"notification"}]
    assert set(device["endpoint"]) == names(Endpoint)
    assert set(rows[0]["notification"]) == names(Notification)
    assert [row["notification"]["id"] for row in rows] == [two, one]
    assert [row["notification"]["read_state"] for row in rows] == ["unread", "read"]
    assert [row["notification"]["body"] for row in rows] == ["Of Two", "Of One"]
    own, *rest = objects(user.stdout("export"))
    assert (own["feed"]["last_revision"], rest[1:]) == (3, rows)


def test_more_than_a_page_is_exported(app: Cli, ada: str) -> None:
    """Of the largest page of the service."""
    for number in range(3):
        app.stdout("send", ada, f"Title {number}", "--body", "x" * 8000)
    assert len(objects(app.stdout("export", ada))) == 4


def test_nobody_is_exported_as_nothing(app: Cli, ada: str) -> None:
    assert objects(app.stdout("export", ada)) == [
        {"feed": {"user_id": ada, "last_revision": 0, "unread_count": 0}}
    ]


def test_a_user_is_erased_and_barred(app: Cli, eraser: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "One")
    assert eraser.stdout("erase", ada, "--yes") == "erased\n"
    for barred in (app.run("send", ada, "Too soon"), user.run("list")):
        assert barred.returncode == 1
        assert "barred" in barred.stderr
    assert objects(eraser.stdout("erase", ada, "--yes", "--json")) == [
        {"user_id": ada, "already_removed": True}
    ]


def test_without_a_bar_the_user_begins_anew(app: Cli, eraser: Cli, ada: str) -> None:
    app.stdout("send", ada, "One")
    eraser.stdout("erase", ada, "--yes", "--bar", "0")
    app.stdout("send", ada, "Two")
    assert eraser.stdout("erase", ada, "--yes", "--bar", "0") == "erased\n"
    assert eraser.stdout("erase", ada, "--yes", "--bar", "0") == "there was nothing\n"


def test_it_asks_before_and_says_what_goes(app: Cli, eraser: Cli, user: Cli, ada: str) -> None:
    sent = app.stdout("send", ada, "One").strip()
    user.stdout("mark", sent, "--unread")
    for answer, status, said in (("n", 1, "Error: nothing was erased"), ("y", 0, "erased")):
        with terminal("erase", ada, env=eraser.access, columns=100, rows=20) as shown:
            shown.shows(rf"Forget {ada} for good \(1 device, 1 unread, and all that was read\)\? \[y/N\]")
            shown.press(f"{answer}\r")
            assert shown.ended() == status
            assert said in shown.output
    with terminal("erase", ada, env=eraser.access, columns=100, rows=20) as shown:
        shown.shows(rf"Forget {ada} for good \(whatever there may be\)\? \[y/N\]")
        shown.press("n\r")
        assert shown.ended() == 1


def test_a_script_has_to_mean_it(eraser: Cli, ada: str) -> None:
    ended = eraser.run("erase", ada)
    assert ended.returncode == 2
    assert ended.stderr == "Error: erase forgets a user for good\nHint: --yes says that this is meant\n"


def test_it_needs_the_scope(app: Cli, ada: str) -> None:
    app.stdout("send", ada, "One")
    ended = app.run("erase", ada, "--yes")
    assert ended.returncode == 1
    assert "feeds.delete" in ended.stderr
    assert len(objects(app.stdout("export", ada))) == 2
