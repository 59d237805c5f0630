"""send, list, mark, delete and devices, against a server: what they print for people, and for programs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.terminal import terminal
from tests.commands.unisono import COMMAND, NOBODY, Cli, environment, names, objects
from tests.support.processes import TIMEOUT
from unisono.client import (
    DeleteResult,
    Endpoint,
    MarkResult,
    Notification,
    RemovedNotification,
    SendResult,
)

#: How long ago something of this test was sent: a loaded machine takes its time.
AGE = r"(?:now|\d+ (?:s|min) ago)"

EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202eback\x7f"


def test_send_prints_the_id_under_which_list_shows_it(app: Cli, user: Cli, ada: str) -> None:
    sent = app.stdout("send", ada, "Your parcel is at the door", "--group", "post").strip()
    heads, line = user.stdout("list").splitlines()
    assert heads.split() == ["TITLE", "GROUP", "SENT", "ID"]
    assert re.fullmatch(f"●  Your parcel is at the door  post +{AGE} +{sent}", line.strip())


def test_programs_get_every_field(app: Cli, user: Cli, ada: str) -> None:
    (sent,) = app.json_lines(
        "send", ada, "日本語", "--body", "b", "--key", "k", "--priority", "high", "--expire", "1h"
    )
    assert set(sent) == names(SendResult)
    assert (sent["app_notification_id"], sent["deduplicated"]) == ("k", False)
    (listed,) = app.json_lines("list", "--user", ada)
    assert set(listed) == names(Notification)
    picked = ("id", "title", "body", "priority", "sender_role", "read_state", "user_id")
    assert [listed[name] for name in picked] == [
        *(sent["id"], "日本語", "b", "high", "publisher", "unread", ada)
    ]

    (marked,) = user.json_lines("mark", sent["id"], "nobody", "--read", "--endpoint", "d")
    assert set(marked) == names(MarkResult)
    assert (marked["changed"], marked["unread_count"], marked["not_found"]) == (1, 0, ["nobody"])
    (device,) = user.json_lines("devices")
    assert set(device) == names(Endpoint)
    assert (device["endpoint_id"], device["connected"]) == ("d", False)

    (deleted,) = app.json_lines("delete", "--user", ada, "--key", "k")
    assert set(deleted) == {*names(DeleteResult), "app_notification_id"}
    assert app.json_lines("list", "--user", ada) == []


def test_what_can_be_opened_is_sent_and_shown(app: Cli, user: Cli, ada: str) -> None:
    parts = ("--link", "ci:812", "--icon-url", "https://ci.test/i", "--image-url", "https://ci.test/j")
    buttons = ("--action", "retry=Retry", "--action", "log=Log=https://ci.test/log?a=b")
    rest = ("--format", "markdown", "--data", "build=812", "--data", "état=a=b", "--data", "empty=")
    app.stdout("send", ada, "Build 812 failed", "--body", "*3*", *parts, *buttons, *rest)
    app.stdout("send", ada, "--data", "build=813")
    (data, row) = user.json_lines("list")
    assert [row[name] for name in ("link", "icon_url", "image_url", "format")] == [
        *("ci:812", "https://ci.test/i", "https://ci.test/j", "markdown")
    ]
    assert row["actions"] == [
        {"action_id": "retry", "label": "Retry", "link": ""},
        {"action_id": "log", "label": "Log", "link": "https://ci.test/log?a=b"},
    ]
    assert (row["data"], data["data"]) == ({"build": "812", "état": "a=b", "empty": ""}, {"build": "813"})
    heads, *lines = user.stdout("list").splitlines()
    assert heads.split() == ["TITLE", "GROUP", "LINK", "SENT", "ID"]
    assert re.search(r"Build 812 failed \[Retry\] \[Log\] +ci:812 ", lines[1])
    assert "(data for the app)" in lines[0]


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--action", "retry", "--action retry is no ID=LABEL or ID=LABEL=LINK"),
        ("--data", "build", "--data build is no KEY=VALUE"),
        ("--data", "a=1", "--data has a twice"),
    ],
)
def test_what_is_typed_wrong_is_not_sent(app: Cli, ada: str, option: str, text: str, said: str) -> None:
    ended = app.run("send", ada, "Hello", "--data", "a=b", option, text)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert app.json_lines("list", "--user", ada) == []


def test_the_service_says_which_link_is_bad(app: Cli, ada: str) -> None:
    ended = app.run("send", ada, "Hello", "--link", "javascript:x")
    assert ended.returncode == 1
    assert "payload.visual_content.link: must not have the scheme javascript" in ended.stderr


def test_a_user_without_a_device_is_named(app: Cli, user: Cli, ada: str) -> None:
    first = app.run("send", ada, "Anybody?", "--key", "k")
    assert first.stderr == f"{ada} has {NOBODY}\n"
    assert app.run("send", ada, "Anybody?", "--key", "k").stderr.endswith(first.stderr)
    assert user.run("send", "--me", "Only me").stderr == f"you have {NOBODY}\n"
    for_programs = app.run("send", ada, "Anybody?", "--json")
    assert (json.loads(for_programs.stdout)["endpoints"], for_programs.stderr) == (0, "")

    user.stdout("mark", first.stdout.strip(), "--read")
    assert app.run("send", ada, "Anybody?").stderr == ""


def test_what_is_gone_waits_for_nobody(app: Cli, ada: str) -> None:
    app.run("send", ada, "Gone", "--key", "k")
    app.run("delete", "--user", ada, "--key", "k")
    again = app.run("send", ada, "Gone", "--key", "k")
    assert again.stderr == "this was sent before, and it is gone by now: nothing changed\n"


def test_sending_the_same_again_says_so(app: Cli, user: Cli, ada: str) -> None:
    first = app.run("send", ada, "Once", "--key", "k")
    user.stdout("mark", first.stdout.strip(), "--read")
    again = app.run("send", ada, "Once", "--key", "k")
    assert (again.returncode, again.stdout) == (0, first.stdout)
    assert again.stderr == "this was sent before: nothing changed\n"


def test_a_user_sends_to_oneself_and_anything_from_stdin(user: Cli, ada: str) -> None:
    user.stdout("send", "--me", "Buy milk")
    sent = user.run("send", "--me", "--raw", "-", stdin="1234")
    assert sent.returncode == 0
    raw, milk = user.json_lines("list")
    assert (raw["title"], raw["raw_content"]) == ("", "MTIzNA==")
    assert (milk["title"], milk["sender_role"]) == ("Buy milk", "user")
    assert "(4 bytes for the app)" in user.stdout("list")


def test_marks_are_counted_and_shown(app: Cli, user: Cli, ada: str) -> None:
    one, two = (app.stdout("send", ada, title, "--group", "ci").strip() for title in ("One", "Two"))
    assert user.stdout("mark", one, "--read") == "1 changed; 1 unread\n"
    assert user.stdout("mark", "--group", "ci", "--dismiss") == "2 changed; 0 unread\n"
    assert user.stdout("mark", two, "--snooze", "10m") == "1 changed; 0 unread\n"
    assert [line[0] for line in user.stdout("list").splitlines()[1:]] == ["z", "✕"]
    assert user.stdout("mark", "--all", "--restore", "--unread") == "2 changed; 2 unread\n"
    missing = user.run("mark", one, "nobody", "--read")
    assert (missing.returncode, missing.stdout) == (0, "1 changed; 1 unread\n")
    assert missing.stderr == "not found: nobody\n"


def test_what_other_commands_take_is_whole_in_any_width(app: Cli, user: Cli, ada: str) -> None:
    sent = app.stdout("send", ada, "A long title " * 7, "--group", "parcels-and-letters").strip()
    for columns in (40, 60, 80, 120):
        shown = listed(user, columns)
        assert sent in shown
        assert re.search(f"●  A long.* {AGE}", shown)
        assert max(map(len, shown.splitlines())) <= columns


def listed(user: Cli, columns: int) -> str:
    """What list shows in a terminal of so many columns."""
    with terminal("list", env=user.access, columns=columns, rows=20) as shown:
        assert shown.ended() == 0
        return shown.picture


def test_words_that_a_locale_cannot_read_are_sent_as_they_are(app: Cli, user: Cli, ada: str) -> None:
    ascii_only = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    assert app.process("send", ada, "Grüße", "--key", "schlüssel", **ascii_only).returncode == 0
    assert user.json_lines("list")[0]["title"] == "Grüße"
    deleted = app.process("delete", "--user", ada, "--key", "schlüssel", **ascii_only)
    assert (deleted.stdout, deleted.stderr) == ("deleted\n", "")


def test_a_file_is_found_whatever_the_locale(user: Cli, tmp_path: Path) -> None:
    file = tmp_path / "Grüße.txt"
    file.write_bytes(b"1234")
    ascii_only = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    assert user.process("send", "--me", "--raw", str(file), **ascii_only).returncode == 0
    assert user.json_lines("list")[0]["raw_content"] == "MTIzNA=="


def test_what_changed_is_listed_with_what_was_removed(app: Cli, user: Cli, ada: str) -> None:
    one, two, gone = (
        app.stdout("send", ada, title, "--key", title).strip() for title in ("One", "Two", "Gone")
    )
    app.stdout("delete", gone, "--user", ada)
    user.stdout("mark", one, "--read", "--endpoint", "d")

    listed = user.run("list", "--changed-after", "2")
    heads, removed, marked = listed.stdout.splitlines()
    assert heads.split() == ["TITLE", "GROUP", "CHANGED", "ID"]
    assert re.fullmatch(rf"−  \(deleted\) Gone +{AGE} +{gone}", removed.strip())  # noqa: RUF001
    assert re.fullmatch(rf"✓  One +{AGE} +{one}", marked.strip())
    assert listed.stderr == "for what comes next: --changed-after 5\n"
    assert user.run("list", "--changed-after", "5").stderr == (
        "nothing has changed\nfor what comes next: --changed-after 5\n"
    )
    begun = app.run("list", "--user", ada, "--changed-after", "0", "--limit", "1")
    assert two in begun.stdout
    assert begun.stderr == "there are more: --changed-after 2\n"


def test_programs_get_what_changed_and_where_to_go_on(app: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "One")
    gone = app.stdout("send", ada, "Gone", "--key", "k").strip()
    app.stdout("delete", gone, "--user", ada)

    live, last = user.json_lines("list", "--changed-after", "0")
    removed, end = user.json_lines("list", "--changed-after", "1")

    assert set(live) == {*names(Notification), "removed"}
    assert set(removed) == {*names(RemovedNotification), "removed"}
    assert (live["removed"], live["title"]) == (False, "One")
    assert (removed["removed"], removed["id"], removed["change_type"]) == (True, gone, "deleted")
    assert last == end == {"last_revision": 3}


def test_filters_do_not_go_with_what_changed(user: Cli, ada: str) -> None:
    ended = user.run("list", "--changed-after", "1", "--unread")
    assert ended.returncode == 2
    assert "--changed-after lists all that changed" in ended.stderr
    ahead = user.run("list", "--changed-after", "1")
    assert (ahead.returncode, ahead.stdout) == (1, "")
    assert "--changed-after 0 begins anew" in ahead.stderr


def test_list_filters_and_says_that_there_are_more(app: Cli, user: Cli, ada: str) -> None:
    assert user.run("list").stderr == "there is nothing\n"
    for title in ("One", "Two", "Three"):
        app.stdout("send", ada, title, "--group", title.lower())
    assert [row["title"] for row in user.json_lines("list", "--group", "two")] == ["Two"]
    assert [row["title"] for row in user.json_lines("list", "--since", "1h", "--unread")] == [
        "Three",
        "Two",
        "One",
    ]
    assert user.json_lines("list", "--until", "1h") == []
    some = user.run("list", "--limit", "2")
    assert (some.returncode, len(some.stdout.splitlines())) == (0, 3)
    assert some.stderr == "there are more: --limit 0 lists all\n"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_in_a_title_reaches_the_terminal(app: Cli, user: Cli, ada: str, options: tuple[str]) -> None:
    app.stdout("send", ada, EVIL, "--body", EVIL)
    shown = user.stdout("list", *options)
    assert all(line.isprintable() for line in shown.replace("\ufffd", "?").splitlines())
    if options:
        assert objects(shown)[0]["title"] == EVIL


def test_a_table_is_whole_where_nobody_looks_at_it(app: Cli, user: Cli, ada: str) -> None:
    title = "long " * 30 + "end"
    sent = app.stdout("send", ada, title).strip()
    row = user.stdout("list", COLUMNS="40").splitlines()[1]
    assert title in row
    assert row.endswith(sent)
    assert "\x1b" not in row


def test_a_locale_without_the_characters_is_no_error(app: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "日本語")
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    for_people, for_programs = (user.process("list", *how, **ascii_only) for how in ((), ("--json",)))
    assert "?  ???" in for_people.stdout
    assert objects(for_programs.stdout)[0]["title"] == "日本語"
    assert for_people.stderr == for_programs.stderr == ""


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_pipe_that_nobody_reads_ends_it_quietly(app: Cli, user: Cli, ada: str, options: tuple[str]) -> None:
    app.stdout("send", ada, "Hello")
    ours, its = os.pipe()
    os.close(ours)
    command, env = (*COMMAND, "list", *options), environment(**user.access)
    done = subprocess.run(command, env=env, stdout=its, stderr=subprocess.PIPE, timeout=TIMEOUT, check=False)
    os.close(its)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_token_command_is_asked(app: Cli, user: Cli, ada: str) -> None:
    token = app.access["UNISONO_TOKEN"]
    command = f"{sys.executable} -c 'print(\"{token}\")'"
    sent = app.run("send", ada, "Hello", "--token-command", command, "--json", UNISONO_TOKEN="")
    assert (sent.returncode, sent.stderr) == (0, "")
    assert user.json_lines("list")[0]["id"] == json.loads(sent.stdout)["id"]
