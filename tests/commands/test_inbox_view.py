"""The picture of the inbox fits any terminal, whatever the titles are, and says what matters."""

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.commands.rows import NOW, a_picture, a_row
from unisono.client import Action, ReadState, Status, UserActionState
from unisono.client.cli.inbox.keymap import HELP
from unisono.client.cli.inbox.state import ViewModel, still_ringing
from unisono.client.cli.inbox.view import InboxView

TITLES = (
    "Your parcel is at the door",
    "日本語の通知" * 20,
    "family 👨‍👩‍👧‍👦 flag 🇩🇪 heart ❤️ " * 6,
    "שלום עולם מימין לשמאל",
    "long " * 60,
    "",
    "e\u0301\u0301\u0301",
    "\x1b[2J\x07\u202e\ttab",
)
SIZES = ((80, 24), (60, 15), (59, 15), (40, 10), (20, 5), (10, 3), (200, 50), (1, 1))


def lines(picture: ViewModel, width: int = 80, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None, legacy_windows=False)
    drawn = console.render_lines(InboxView(picture), console.options.update(height=height), pad=False)
    return ["".join(segment.text for segment in line) for line in drawn]


def rows(number: int) -> list[Any]:
    return [
        a_row(TITLES[place % len(TITLES)], id=str(place), body=TITLES[-place % len(TITLES)] + "\nb")
        for place in range(number)
    ]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("number", [0, 1, 30, 500])
@pytest.mark.parametrize("fields", [{}, {"helping": True}, {"status": Status.OFFLINE, "error": "x" * 200}])
def test_it_fills_the_terminal_exactly(width: int, height: int, number: int, fields: dict[str, Any]) -> None:
    picture = a_picture(*rows(number), notice="日本" * 50, **fields)
    drawn = lines(picture, width, height)
    assert [cell_len(line) for line in drawn] == [width] * height
    assert all("\x1b" not in line and "\x07" not in line for line in drawn)


def test_nothing_that_others_have_named_controls_the_terminal() -> None:
    harm = "a\x1b]0;owned\x07\x9b2J\u202egnp\r\nb"
    action = Action(action_id=harm, label=harm, link=harm)
    row = a_row(
        harm, id=harm, body=harm, group_name=harm, app_id=harm, user_id=harm, link=harm, actions=(action,)
    )
    shown = "".join(lines(a_picture(row, user_id=harm, endpoint_id=harm), height=40))
    assert shown.count("owned") == 10
    assert not any(character in shown for character in "\x1b\x07\x9b\u202e\r\n")


def test_what_can_be_opened_stands_before_a_long_body() -> None:
    retry = Action(action_id="retry", label="Retry")
    log = Action(action_id="log", label="Log", link="ci:812/log")
    row = a_row("Build failed", link="ci:812", actions=(retry, log), body="body\n" * 50)
    drawn = [line.strip() for line in lines(a_picture(row))]
    at = drawn.index("Build failed")
    assert drawn[at : at + 5] == ["Build failed", "→ ci:812", "[Retry]", "[Log] ci:812/log", "body …"]


@pytest.mark.parametrize("selected", [0, 1, 250, 498, 499])
@pytest.mark.parametrize(("width", "height"), SIZES[:5])
def test_the_selected_one_is_always_in_sight(selected: int, width: int, height: int) -> None:
    drawn = lines(a_picture(*rows(500), selected=selected), width, height)
    assert sum(line.startswith("▌") for line in drawn) == 1


def test_it_says_who_and_how_connected_and_how_many() -> None:
    top = " ".join(lines(a_picture(*rows(2)))[0].split())
    assert top == "ada · laptop ● live 2 unread revision 2"
    offline = a_picture(status=Status.OFFLINE, since=NOW - timedelta(minutes=3), error="no connection")
    first, second = lines(offline)[:2]
    assert "○ offline 3 min" in first
    assert "── since 11:57: no connection ──" in second


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "nothing yet"),
        ({"status": Status.CATCHING_UP, "revision": 0}, "connecting"),
        ({"hidden": 3}, "all 3 are dismissed: h shows them"),
    ],
)
def test_it_says_why_there_is_nothing(fields: dict[str, Any], words: str) -> None:
    assert lines(a_picture(**fields))[3].strip() == words


@pytest.mark.parametrize(
    ("marks", "words"),
    [(1, "1 mark waits for the connection"), (2, "2 marks wait for the connection")],
)
def test_it_says_what_waits(marks: int, words: str) -> None:
    assert f"── {words} ──" in lines(a_picture(pending_marks=marks))[-2]
    assert f"── gone · {words} ──" in lines(a_picture(pending_marks=marks, notice="gone"))[-2]


def test_what_rings_can_be_seen() -> None:
    row = a_row()
    assert "▌♪ Hello" in "\n".join(lines(a_picture(row, ringing=frozenset({row.id}))))
    assert "♪" not in "\n".join(lines(a_picture(row)))


def test_what_does_not_wait_any_more_has_nothing_to_ring_for() -> None:
    later, soon = NOW + timedelta(seconds=1), NOW
    read, dismissed = ReadState.READ, UserActionState.DISMISSED
    listed = [a_row("a"), a_row("b", read_state=read), a_row("c", user_action_state=dismissed), a_row("d")]
    ringing = {"a": later, "b": later, "c": later, "d": soon, "gone": later}
    assert still_ringing(ringing, listed, NOW) == {"a": later}


@pytest.mark.parametrize(
    ("width", "question"),
    [
        (80, "x again to delete on every device, any other key to keep"),
        (60, "x again to delete on every device, any other key to keep"),
        (40, "x again: delete · else: keep"),
    ],
)
def test_it_asks_where_the_keys_are_named(width: int, question: str) -> None:
    assert lines(a_picture(a_row(), asking=True), width)[-1].strip() == question
    assert question not in "\n".join(lines(a_picture(a_row()), width))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 15)])
def test_the_help_is_whole(width: int, height: int) -> None:
    shown = "\n".join(lines(a_picture(a_row(), helping=True), width, height))
    assert all(what in shown for _, what in HELP)
    assert "● unread  ✓ read  ✕ dismissed  z snoozed  ♪ rings" in shown


def test_what_is_snoozed_says_until_when_whatever_the_room() -> None:
    asleep = a_row(
        "long " * 20, user_action_state=UserActionState.SNOOZED, snooze_until=NOW + timedelta(minutes=5)
    )
    assert "…  until 12:05" in lines(a_picture(asleep), 40, 10)[2]


def test_the_selected_one_is_told_in_full_where_there_is_room() -> None:
    row = a_row("Build 812 failed", body="one\ntwo\n" + "word " * 100, group_name="ci")
    drawn = lines(a_picture(row, a_row("Other")))
    place = next(number for number, line in enumerate(drawn) if line.startswith("── 1 of 2 ──"))
    assert [line.strip() for line in drawn[place + 1 : place + 4]] == ["Build 812 failed", "one", "two"]
    assert drawn[-4].rstrip().endswith("…")
    assert drawn[-3].strip() == "unread · sent 11:59 by the app · ci · expires Wed 11 Mar 12:00"
    assert not any(line.startswith("── 1 of 2") for line in lines(a_picture(row), 60, 15))


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 120])
def test_help_and_quit_are_always_named(width: int) -> None:
    assert lines(a_picture(), width)[-1].rstrip().endswith("? help  q quit")
