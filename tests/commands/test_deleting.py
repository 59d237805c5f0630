"""delete, against a server: one, several, or all; and it asks before it deletes everything."""

from dataclasses import fields

from tests.commands.terminal import terminal
from tests.commands.unisono import Cli, objects
from unisono.client import (
    DeleteManyResult,
)


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def test_deleting_twice_says_so(app: Cli, ada: str) -> None:
    sent = app.stdout("send", ada, "Gone").strip()
    assert app.stdout("delete", sent, "--user", ada) == "deleted\n"
    assert app.stdout("delete", sent, "--user", ada) == "it was gone already\n"


def test_several_are_deleted_as_far_as_they_can_be(app: Cli, user: Cli, ada: str) -> None:
    one, two = (app.stdout("send", ada, title).strip() for title in ("One", "Two"))
    ended = app.run("delete", one, "nobody", two, "--user", ada)
    assert (ended.returncode, ended.stdout) == (1, "2 deleted; 0 unread\n")
    assert ended.stderr == "not found: nobody\n"
    assert user.json_lines("list") == []
    again = app.run("delete", one, two, "nobody", "--key", "no-key", "--user", ada, "--json")
    (gone,) = objects(again.stdout)
    assert set(gone) == names(DeleteManyResult)
    assert (again.returncode, gone["already_removed"], gone["not_found"]) == (1, 2, ["nobody", "no-key"])
    assert app.stdout("delete", one, two, "--user", ada) == "0 deleted, 2 were gone already; 0 unread\n"
    nobody = app.run("delete", "nobody", "nor this", "--user", ada)
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert nobody.stderr.startswith("Error: ")


def test_what_is_in_a_state_is_deleted(app: Cli, user: Cli, ada: str) -> None:
    one, two, three = (
        app.stdout("send", ada, title, "--group", "ci").strip() for title in ("One", "Two", "Three")
    )
    user.stdout("mark", one, two, "--read")
    user.stdout("mark", two, three, "--dismiss")
    assert user.stdout("delete", "--all", "--read", "--dismissed") == "1 deleted; 0 unread\n"
    assert user.stdout("delete", "--group", "ci", "--unread", "--up-to-revision", "2") == (
        "0 deleted, 1 left alone; 0 unread\n"
    )
    assert user.stdout("delete", one, two, "--read") == "1 deleted, 1 was gone already; 0 unread\n"
    assert app.stdout("delete", three, "--snoozed", "--user", ada) == "0 deleted; 0 unread\n"
    assert app.stdout("delete", "--all", "--yes", "--user", ada) == "1 deleted; 0 unread\n"
    assert user.json_lines("list") == []


def test_it_asks_before_it_deletes_everything(app: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "One")
    for answer, status, said in (("n", 1, "Error: nothing was deleted"), ("y", 0, "1 deleted; 0 unread")):
        with terminal("delete", "--all", "--user", ada, env=app.access, columns=80, rows=20) as shown:
            shown.shows(r"Delete everything of .*, on every device\? \[y/N\]")
            assert len(user.json_lines("list")) == 1
            shown.press(f"{answer}\r")
            assert shown.ended() == status
            assert said in shown.output
    assert user.json_lines("list") == []
