"""Columns fit any width; which give way is said by whoever makes the table, and what is whole stays whole."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from rich.text import Text

from tests.commands.rows import NOW, a_row
from unisono.client import Notification
from unisono.client.cli.formatting.columns import Column, fitted, lines
from unisono.client.cli.formatting.tables import UNCUT, notifications

ID = "0199c0de-0000-7000-8000-00000000000"
FIRST_THEN_SECOND = ((0, 10), (1, 0), (0, 0))


@pytest.mark.parametrize(
    ("wanted", "room", "widths"),
    [
        ([20, 10, 5], 39, [20, 10, 5]),
        ([20, 10, 5], 35, [16, 10, 5]),
        ([20, 10, 5], 29, [10, 10, 5]),
        ([20, 10, 5], 26, [10, 7, 5]),
        ([20, 10, 5], 24, [17, 0, 5]),
        ([20, 10, 5], 15, [8, 0, 5]),
        ([20, 4, 5], 23, [10, 4, 5]),
        ([4, 30, 5], 60, [4, 30, 5]),
        ([20, 10, 5], 5, [0, 0, 5]),
    ],
)
def test_one_after_the_other_gives_way(wanted: Sequence[int], room: int, widths: list[int]) -> None:
    assert fitted(wanted, room, FIRST_THEN_SECOND) == widths


def test_lines_end_with_their_last_word() -> None:
    shown = lines(
        [Column("A", [Text("long text"), Text("")]), Column("N", [Text("7")] * 2, right=True)], 80, ()
    )
    assert [line.plain for line in shown] == ["A          N", "long text  7", "           7"]


def rows() -> list[Notification]:
    return [
        a_row("Your parcel is at the door, " * 4, id=f"{ID}1", group_name="parcels"),
        a_row("日本語の通知" * 9, id=f"{ID}2", create_time=NOW - timedelta(minutes=59)),
        a_row("Short", id=f"{ID}3", group_name="continuous-integration"),
    ]


@pytest.mark.parametrize("width", range(36, 140))
def test_marks_times_and_ids_are_whole_in_any_width(width: int) -> None:
    shown = notifications(rows(), NOW, width)
    assert max(line.cell_len for line in shown) <= width
    text = [line.plain for line in shown]
    step = 1 if width >= 64 else 2
    assert len(text) == 4 * step
    for place, row in enumerate(rows(), start=1):
        line, last = text[place * step], text[place * step + step - 1]
        assert line.startswith("●  ")
        assert ("59 min ago" if row.id.endswith("2") else "1 min ago") in line
        assert last.endswith(row.id)


def test_the_group_gives_way_to_the_title() -> None:
    assert "GROUP" not in notifications(rows(), NOW, 80)[0].plain
    assert "GROUP" in notifications([a_row("Short", id=f"{ID}1", group_name="ci")], NOW, 80)[0].plain
    assert "continuous-integration" in notifications(rows(), NOW, 130)[3].plain


def test_nothing_is_cut_where_nobody_looks() -> None:
    heads, *shown = (line.plain for line in notifications(rows(), NOW, UNCUT))
    assert heads.split() == ["TITLE", "GROUP", "SENT", "ID"]
    for line, row in zip(shown, rows(), strict=True):
        assert " ".join(row.title.split()) in line
        assert row.group_name in line
        assert line.endswith(row.id)
