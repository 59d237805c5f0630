"""Keys: what terminals send for them, what they select, and the marks that they make."""

from datetime import timedelta

import pytest

from tests.commands.rows import NOW, a_row
from unisono.client import ReadState, UserActionState
from unisono.client.cli.inbox.bars import help_lines
from unisono.client.cli.inbox.keymap import KEYS, MARKING, SNOOZE, STEPS, state_for
from unisono.client.cli.inbox.keys import Keys
from unisono.client.cli.inbox.state import Selection, arranged

DISMISSED, SNOOZED = UserActionState.DISMISSED, UserActionState.SNOOZED

SENT = [
    (b"r", ["r"]),
    (b"jk", ["j", "k"]),
    (b"\r", ["enter"]),
    (b"\n", ["enter"]),
    (b"\x1b[A", ["up"]),
    (b"\x1bOB", ["down"]),
    (b"\x1b[1;5A", ["up"]),
    (b"\x1b[H", ["home"]),
    (b"\x1b[1~", ["home"]),
    (b"\x1b[4~", ["end"]),
    (b"\x1bOF", ["end"]),
    (b"\x1b[5~", ["page-up"]),
    (b"\x1b[6;2~", ["page-down"]),
    (b"\x1bOM", ["enter"]),
    (b"\x1b[15~", []),
    (b"\x1b[200~", []),
    (b"\x01\x02", []),
    ("é日".encode(), ["é", "日"]),
    (b"\xff\xfe", []),
    (b"a\x1b[Bb\x1b[Cc", ["a", "down", "b", "right", "c"]),
    (b"\x1bq", ["escape", "q"]),
    (b"\x1b\x1b[A", ["escape", "up"]),
]


@pytest.mark.parametrize(("data", "keys"), SENT)
def test_keys_of_what_is_sent(data: bytes, keys: list[str]) -> None:
    assert Keys().feed(data) == keys


@pytest.mark.parametrize(("data", "keys"), SENT)
def test_keys_do_not_depend_on_how_it_is_cut(data: bytes, keys: list[str]) -> None:
    decoder = Keys()
    assert [key for byte in data for key in decoder.feed(bytes([byte]))] == keys


@pytest.mark.parametrize("data", [b"\x1b", b"\x1b[", b"\x1bO", b"\x1b[1;"])
def test_what_is_unfinished_is_escape_once_nothing_follows(data: bytes) -> None:
    keys = Keys()
    assert (keys.feed(data), keys.unfinished) == ([], True)
    assert (keys.flush(), keys.unfinished) == (["escape"], False)
    assert keys.flush() == []


def test_read_and_unread_undo_each_other() -> None:
    assert state_for("r", a_row(), NOW) == {"read_state": ReadState.READ}
    assert state_for("r", a_row(read_state=ReadState.READ), NOW) == {"read_state": ReadState.UNREAD}


def test_enter_opens() -> None:
    opened = {"read_state": ReadState.READ, "user_action_state": UserActionState.ACTIVATED}
    assert state_for("enter", a_row(), NOW) == opened


def test_dismissing_and_snoozing_again_undoes_it() -> None:
    undone = {"user_action_state": UserActionState.NO_INTERACTION}
    assert state_for("d", a_row(), NOW) == {"user_action_state": DISMISSED}
    assert state_for("d", a_row(user_action_state=DISMISSED), NOW) == undone
    assert state_for("s", a_row(), NOW) == {"user_action_state": SNOOZED, "snooze_until": NOW + SNOOZE}
    assert state_for("s", a_row(user_action_state=SNOOZED), NOW) == undone
    assert timedelta(minutes=10) == SNOOZE


def test_the_help_names_every_key() -> None:
    text = "\n".join(line.plain for line in help_lines())
    named = {key for key, _ in KEYS} | {key for key in (*MARKING, *STEPS) if len(key) == 1}
    assert all(f" {key} " in text for key in named)


def test_the_selection_stays_on_its_notification() -> None:
    a, b, c, d = map(a_row, "abcd")
    selection = Selection()
    assert selection.settle([]) == -1
    assert selection.settle([a, b, c]) == 0
    selection.move([a, b, c], 1)
    assert selection.settle([d, a, b, c]) == 2
    assert selection.settle([c, b]) == 1


def test_the_selection_keeps_its_place_when_its_notification_goes() -> None:
    a, b, c = map(a_row, "abc")
    selection = Selection()
    selection.move([a, b, c], 1)
    assert selection.settle([a, c]) == 1
    assert selection.settle([a]) == 0


@pytest.mark.parametrize(("steps", "place"), [(-5, 0), (2, 2), (STEPS["end"], 3), (STEPS["home"], 0)])
def test_the_selection_ends_at_the_ends(steps: int, place: int) -> None:
    selection, rows = Selection(), [a_row(title) for title in "abcd"]
    selection.move(rows, steps)
    assert selection.settle(rows) == place


def test_leaving_selects_a_neighbour() -> None:
    rows = [a_row(title) for title in "abc"]
    selection = Selection()
    selection.leave(rows)
    assert selection.settle(rows) == 1
    selection.move(rows, 9)
    selection.leave(rows)
    assert selection.settle(rows) == 1


def test_dismissed_ones_come_last_or_not_at_all() -> None:
    rows = [a_row("a", user_action_state=DISMISSED), a_row("b"), a_row("c")]
    assert [row.id for row in arranged(rows, show_handled=True)] == ["b", "c", "a"]
    assert [row.id for row in arranged(rows, show_handled=False)] == ["b", "c"]
