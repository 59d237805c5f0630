"""listen in a terminal: an inbox that people work on, and a terminal that is as before once it has ended."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.commands.terminal import Terminal, terminal
from tests.commands.unisono import Cli
from tests.support import tokens
from tests.support.processes import ServerProcess
from tests.support.proxies import proxied
from unisono.client import BlockingPublisher

DOWN, UP, ENTER, ESCAPE = "\x1b[B", "\x1b[A", "\r", "\x1b"
SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"
ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"
CUT, WRAPPED = "\x1b[?7l", "\x1b[?7h"
BELL = "\x07"


@contextmanager
def listening(user: Cli, *options: str, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    env = {**user.access, "TZ": where_it_is_noon()}
    with terminal("listen", *options, env=env, columns=columns, rows=rows) as inbox:
        inbox.shows("● live")
        yield inbox


def where_it_is_noon() -> str:
    """Return a zone where it is between twelve and one: what is over within hours is over on the same day."""
    return f"NOON{datetime.now(UTC).hour - 12:+d}"


def assert_the_terminal_is_as_before(inbox: Terminal, before: list[object]) -> None:
    assert inbox.settings() == before
    for on, off in ((LEFT, ENTERED), (SHOWN, HIDDEN), (WRAPPED, CUT)):
        assert inbox.output.rfind(on) > inbox.output.rfind(off) >= 0


def send(app: Cli, ada: str, *titles: str) -> None:
    with BlockingPublisher(app.access["UNISONO_TARGET"], app.access["UNISONO_TOKEN"]) as backend:
        for title in titles:
            backend.send(ada, title=title)


def test_it_shows_what_is_there_and_rings_once_for_what_comes(app: Cli, user: Cli, ada: str) -> None:
    send(app, ada, "Before", "\x1b]0;evil\x07\x9b2J")
    with listening(user) as inbox:
        inbox.shows(f"{ada} · .*● live   2 unread.*▌● .\\]0;evil..2J .*● Before")
        before = inbox.output.count(BELL)
        send(app, ada, "Hello")
        inbox.shows("♪ Hello")
        inbox.shows("● Hello")
        assert inbox.output.count(BELL) == before + 1
        assert "evil\x07" not in inbox.output
        inbox.press("q")
        assert inbox.ended() == 0


def test_what_one_marks_the_other_shows(app: Cli, user: Cli, ada: str) -> None:
    send(app, ada, "One", "Two", "Three")
    with (
        listening(user, "--endpoint", "laptop") as laptop,
        listening(user, "--endpoint", "phone", columns=60, rows=15) as phone,
    ):
        phone.shows("▌● Three.*● Two.*● One")
        laptop.press("r")
        phone.shows("● live   2 .*✓ Three.*● Two")
        # What the same key does next depends on what this one knows.
        laptop.shows("✓ Three")
        laptop.press("r")
        phone.shows("● live   3 .*● Three")
        laptop.press(f"{DOWN}{ENTER}")
        phone.shows("● live   2 .*✓ Two")
        laptop.press(f"{DOWN}s")
        phone.shows("z One +until [0-9]{2}:")
        laptop.shows("z One +until [0-9]{2}:")
        laptop.press("s")
        phone.shows("● One")
        laptop.press(f"{UP}{UP}d")
        phone.shows("● One.*✕ Three")
        phone.press("h")
        phone.hides("Three")
        laptop.press("a")
        phone.shows("● live   0 .*✓ One")
        phone.press("jxx")
        laptop.hides("One")
        laptop.shows("✓ Two")


def test_what_was_read_does_not_look_as_if_it_rang(app: Cli, user: Cli, ada: str) -> None:
    with listening(user, "--no-bell") as inbox:
        send(app, ada, "Hello")
        inbox.shows("♪ Hello")
        inbox.press("r")
        inbox.shows("● live   0 unread.*✓ Hello")
        assert not any("♪" in picture and "● live   0 unread" in picture for picture in inbox.pictures)


def test_it_asks_before_it_deletes(app: Cli, user: Cli, ada: str) -> None:
    send(app, ada, "One", "Two")
    with listening(user) as inbox:
        # Any other key keeps it, and does nothing else
        for key in ("r", "q", ENTER, ESCAPE, DOWN):
            inbox.press("x")
            inbox.shows("▌● Two.*x again to delete on every device, any other key to keep")
            inbox.press(key)
            inbox.hides("x again")
        inbox.shows("▌● Two.*● One")
        # What goes meanwhile needs no answer
        inbox.press("x")
        inbox.shows("x again")
        two, _ = user.json_lines("list")
        user.stdout("delete", two["id"])
        inbox.shows("▌● One.*r read")
        inbox.hides("x again")
        inbox.press("x")
        inbox.shows("x again")
        inbox.press("x")
        inbox.shows("nothing yet")
    assert user.json_lines("list") == []


def test_the_help_and_another_size(app: Cli, user: Cli, ada: str) -> None:
    send(app, ada, "Hello")
    with listening(user) as inbox:
        inbox.press("?")
        inbox.shows("dismiss; again: undo")
        inbox.press(ESCAPE)
        inbox.shows("▌● Hello")
        inbox.resize(30, 6)
        picture = inbox.shows("^[^\n]{30}\n.*▌● Hello[^\n]*\n")
        assert max(map(len, picture.splitlines())) == 30
        inbox.press("q")
        assert inbox.ended() == 0


@pytest.mark.parametrize("how", ["q", "Ctrl-C", "SIGTERM", "SIGHUP", "an error"])
def test_the_terminal_is_as_before(user: Cli, how: str) -> None:
    with terminal("listen", "--endpoint", "laptop", env=user.access) as inbox:
        before = inbox.settings()
        inbox.shows("● live")
        assert inbox.settings() != before
        if how == "q":
            inbox.press("q")
        elif how == "Ctrl-C":
            inbox.press("\x03")
        elif how == "an error":
            with user.started("listen", "--endpoint", "laptop"):
                assert inbox.ended() == 1
        else:
            inbox.signal(signal.Signals[how])
        assert inbox.ended() == {"Ctrl-C": 130, "an error": 1}.get(how, 0)
        assert_the_terminal_is_as_before(inbox, before)
        if how == "an error":
            assert "give each its own --endpoint" in inbox.output.rpartition(LEFT)[2]


def test_ctrl_z_gives_the_terminal_back_for_a_while(user: Cli) -> None:
    with terminal("listen", env=user.access) as inbox:
        before = inbox.settings()
        inbox.shows("● live")
        inbox.press("\x1a")
        inbox.stopped()
        assert_the_terminal_is_as_before(inbox, before)
        inbox.signal(signal.SIGCONT)
        inbox.press("?")
        inbox.shows("dismiss; again: undo")
        inbox.press("q")
        assert inbox.ended() == 0
        assert_the_terminal_is_as_before(inbox, before)


async def test_the_server_goes_and_comes_back(server: ServerProcess, app: Cli, ada: str) -> None:
    async with proxied(server.address) as proxy:
        user = Cli(proxy.target, tokens.device(ada))
        await asyncio.to_thread(send, app, ada, "Hello")
        with terminal("listen", env=user.access) as inbox:
            await asyncio.to_thread(inbox.shows, "● live.*● Hello")
            proxy.block()
            await asyncio.to_thread(inbox.shows, "○ offline.*since [0-9:]+: ")
            inbox.press("r")
            await asyncio.to_thread(inbox.shows, "✓ Hello.*1 mark waits for the connection")
            proxy.unblock()
            await asyncio.to_thread(inbox.shows, "● live   0 .*✓ Hello")
    (row,) = await asyncio.to_thread(app.json_lines, "list", "--user", ada)
    assert row["read_state"] == "read"


def test_silent_and_without_colours(app: Cli, user: Cli, ada: str) -> None:
    user.access = {**user.access, "NO_COLOR": "1"}
    with listening(user, "--no-bell") as inbox:
        send(app, ada, "Hello")
        inbox.shows("♪ Hello")
        assert BELL not in inbox.output
        assert "\x1b[31m" not in inbox.output
        assert "\x1b[38;" not in inbox.output


@pytest.mark.parametrize(("options", "changes"), [(("--plain",), {}), ((), {"TERM": "dumb"})])
def test_lines_where_a_screen_is_not_wanted(
    app: Cli, user: Cli, ada: str, options: tuple[str], changes: dict[str, str]
) -> None:
    send(app, ada, "Before")
    with terminal("listen", *options, env={**user.access, **changes}) as lines:
        lines.shows("  ● Before\n")
        send(app, ada, "Hello")
        lines.shows("♪ \\+ Hello\n")
        assert lines.output.count(BELL) == 1 + lines.output.count(f"{BELL}♪ + Before")
        assert ENTERED not in lines.output
