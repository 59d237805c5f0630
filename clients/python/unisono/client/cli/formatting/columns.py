"""Columns of text, as wide as what is in them; where there is no room, some give way. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.text import Text

#: Blanks between columns, and what a column needs in order to say anything.
_GAP: Final = 2
_MIN_WIDTH: Final = 6


class Column(NamedTuple):
    """A head, and what is below it."""

    head: str
    cells: Sequence[Text]
    right: bool = False

    @property
    def width(self) -> int:
        """What it takes to show all of it."""
        return max(cell_len(self.head), *(cell.cell_len for cell in self.cells), 0)


Yielding = tuple[int, int]
"""The place of a column, and the width down to which it gives way."""


def fitted(wanted: Sequence[int], room: int, giving_way: Iterable[Yielding]) -> list[int]:
    """The widths of columns in this room: one after the other gives way, until they fit.

    What is left of one may be too little to be of use: then it is 0, and the others have the room.
    """
    widths = list(wanted)
    order = list(giving_way)
    for place, min_width in order:
        widths[place] = max(min(widths[place], min_width), widths[place] - max(0, _taken(widths) - room))
        if widths[place] < min(wanted[place], _MIN_WIDTH):
            widths[place] = 0
    for place, _ in order:
        if widths[place]:
            widths[place] = min(wanted[place], widths[place] + max(0, room - _taken(widths)))
    return widths


def lines(columns: Sequence[Column], room: int, giving_way: Iterable[Yielding]) -> list[Text]:
    """The heads, and a line for each row."""
    widths = fitted([column.width for column in columns], room, giving_way)
    heads = [Text(column.head, "dim") for column in columns]
    return [
        _line(columns, cells, widths)
        for cells in (heads, *zip(*(column.cells for column in columns), strict=True))
    ]


def _line(columns: Sequence[Column], cells: Sequence[Text], widths: Sequence[int]) -> Text:
    shown = [
        _sized(cell, width, right=column.right)
        for column, cell, width in zip(columns, cells, widths, strict=True)
        if width
    ]
    line = Text(" " * _GAP).join(shown)
    line.rstrip()
    return line


def _sized(cell: Text, width: int, *, right: bool) -> Text:
    cell = cell.copy()
    cell.truncate(width, overflow="ellipsis")
    blanks = Text(" " * (width - cell.cell_len))
    return blanks + cell if right else cell + blanks


def _taken(widths: Sequence[int]) -> int:
    shown = [width for width in widths if width]
    return sum(shown) + _GAP * (len(shown) - 1)
