"""`unisono show`: one notification with all that is in it, for people and for programs."""

import re

from tests.commands.unisono import Cli, names
from unisono.client import Notification

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def test_everything_is_shown(app: Cli, user: Cli, ada: str) -> None:
    content = ("Build 812 failed", "--body", "one\ntwo", "--link", "ci:812", "--format", "markdown")
    buttons = ("--action", "log=Log=https://ci.test/log", "--action", "retry=Retry")
    rest = ("--group", "ci", "--category", "build", "--priority", "high", "--data", "build=812")
    meant = ("--platform", "ios", "--endpoint-id", "laptop")
    app.stdout("send", ada, *content, *buttons, *rest, *meant, "--key", "build-812")
    (row,) = app.json_lines("show", "--user", ada, "--key", "build-812")
    assert set(row) == names(Notification)
    user.stdout("mark", row["id"], "--activate", "--action-id", "retry", "--endpoint", "laptop")

    shown = app.stdout("show", "--user", ada, row["id"])

    above, below = shown.split("\n\n")
    assert above.splitlines() == [
        "Build 812 failed",
        *("→ ci:812", "[Log] https://ci.test/log", "[Retry]", "one", "two"),
    ]
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in below.splitlines())
    assert list(facts.items())[:11] == [
        ("id", row["id"]),
        ("key", "build-812"),
        ("user", ada),
        ("state", "unread, opened (retry)"),
        ("group", "ci"),
        ("category", "build"),
        ("priority", "high"),
        ("meant for", "ios, laptop"),
        ("body is", "markdown"),
        ("actions", "log=Log, retry=Retry"),
        ("data", "build=812"),
    ]
    assert re.fullmatch(f"{TIME} by the app", facts["sent"])
    assert re.fullmatch(rf"{TIME}, revision {row['revision'] + 1}", facts["changed"])
    assert re.fullmatch(f"{TIME}, revision {row['revision']}", facts["rang"])
    assert re.fullmatch(TIME, facts["expires"])


def test_a_user_sees_an_own_one(user: Cli) -> None:
    user.stdout("send", "--me", "Milk", "--key", "milk", "--silent")
    shown = user.stdout("show", "--key", "milk")
    assert "by the user" in shown
    assert re.search("rang +never, it is silent", shown)
    assert re.search("meant for +every device", shown)


def test_what_is_not_there_is_said(app: Cli, ada: str) -> None:
    gone = app.run("show", "--user", ada, "nothing")
    assert (gone.returncode, "no such notification" in gone.stderr) == (1, True), gone.stderr
    for wrong in ((), ("a", "--key", "b")):
        ended = app.run("show", "--user", ada, *wrong)
        assert (ended.returncode, "say which: its ID, or --key" in ended.stderr) == (2, True)
