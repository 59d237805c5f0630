"""The fenced code blocks of a Markdown document. Knows nothing of what is in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: A fence as CommonMark has it: at least three backticks or tildes, and in the opening one the language.
FENCE: Final = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|~{3,})\s*(?P<language>[^\s`]*)[^`]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a document, and the line of its opening fence, counted from 1."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks_of(document: str, text: str) -> Iterator[Block]:
    """The blocks of the text in their order. The lines of an indented block lose its indentation."""
    lines = text.splitlines()
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        opening = FENCE.fullmatch(line)
        if opening:
            inside = _until_closed(numbered, opening["fence"], f"{document}:{number}")
            text = "".join(f"{one.removeprefix(opening['indent'])}\n" for one in inside)
            yield Block(document=document, line=number, language=opening["language"], text=text)


def _until_closed(numbered: Iterator[tuple[int, str]], fence: str, place: str) -> Iterator[str]:
    for _, line in numbered:
        mark = line.strip()
        if set(mark) == {fence[0]} and len(mark) >= len(fence):
            return
        yield line
    raise ValueError(f"{place}: this block has no end")
