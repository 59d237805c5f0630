"""Columns of text, as wide as their cells; where there is no room, some are narrowed. Pure functions."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len
from rich.text import Text

#: Blanks between columns, and the width below which a column is of no use.
_GAP: Final = 2
_MIN_WIDTH: Final = 6


class Column(NamedTuple):
    """A column of a table: its head and its cells, aligned to the right if `right`."""

    head: str
    cells: Sequence[Text]
    right: bool = False

    @property
    def width(self) -> int:
        """The width that shows the whole column, in columns of the terminal."""
        return max(cell_len(self.head), *(cell.cell_len for cell in self.cells), 0)


Yielding = tuple[int, int]
"""The index of a column, and the width down to which it is narrowed."""


def fitted(wanted: Sequence[int], room: int, giving_way: Iterable[Yielding]) -> list[int]:
    """Return the widths of columns in `room`: those in `giving_way` are narrowed in turn, until all fit.

    One that would be too narrow to be of use gets 0, and the others its room. If even that is not
    enough, the widths take more than `room`.
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
    """Return the line of heads, and a line for each row, in the widths of `fitted`."""
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
