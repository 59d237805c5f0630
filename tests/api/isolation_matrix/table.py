"""Reads the tables of README.md: what each caller gets who reaches for the things of a user."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_TEXT: Final = Path(__file__).with_name("README.md").read_text(encoding="utf-8")


def _tables() -> Iterator[list[list[str]]]:
    """Yield the rows of each table, without the line below its head."""
    for table in re.findall(r"(?:^\|.*\n)+", _TEXT, re.MULTILINE):
        rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()]
        yield [rows[0], *rows[2:]]


_CALLERS, _WORDS, _MATRIX = _tables()

#: The callers that are explained.
EXPLAINED: Final = {name for name, _ in _CALLERS[1:]}

#: The reasons that a word stands for; none but these are in capital letters.
WORDS: Final[Mapping[str, frozenset[str]]] = {
    word: frozenset(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", meaning)) for word, meaning in _WORDS[1:]
}

#: The word of each cell, by the way of reaching, and by the caller.
EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    way: dict(zip(_MATRIX[0][1:], words, strict=True)) for way, *words in _MATRIX[1:]
}
