"""Decodes what a terminal sends for keys into names: "up", "enter", "escape", or the character.

The sequences are those of ECMA-48 (CSI) and of the VT220 and xterm (SS3, the numbers before ~).
"""

import codecs
import re
from typing import Final

_CSI: Final = re.compile(rb"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])")
_SS3: Final = re.compile(rb"\x1bO(?P<final>[ -~])")
#: The beginning of one of these, or the Escape key.
_UNFINISHED: Final = re.compile(rb"\x1b(\[[0-?]*[ -/]*|O)?")

_FINALS: Final = {
    b"A": "up",
    b"B": "down",
    b"C": "right",
    b"D": "left",
    b"F": "end",
    b"H": "home",
    b"M": "enter",
}
_NUMBERS: Final = {
    b"1": "home",
    b"4": "end",
    b"5": "page-up",
    b"6": "page-down",
    b"7": "home",
    b"8": "end",
}
_CONTROLS: Final = {"\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace"}


class Keys:
    """A decoder of bytes into keys, however the bytes are cut. Unknown sequences are dropped as a whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._text = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    @property
    def unfinished(self) -> bool:
        """Whether the last bytes may be the Escape key, or the beginning of a sequence."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """Return the keys that are complete with these bytes, in order; the rest waits for more."""
        keys: list[str] = []
        rest = self._rest + data
        while rest and not _UNFINISHED.fullmatch(rest):
            named, rest = self._next(rest)
            keys += named
        self._rest = rest
        return keys

    def flush(self) -> list[str]:
        """Return the Escape key for bytes that are unfinished, and drop them.

        To be called when nothing has followed for a while.
        """
        rest, self._rest = self._rest, b""
        return ["escape"] if rest else []

    def _next(self, data: bytes) -> tuple[list[str], bytes]:
        """Return the keys at the beginning, and what follows them."""
        if not data.startswith(b"\x1b"):
            text, escape, rest = data.partition(b"\x1b")
            return self._characters(text), escape + rest
        sequence = _CSI.match(data) or _SS3.match(data)
        if sequence is None:
            return ["escape"], data[1:]
        return _named(sequence), data[sequence.end() :]

    def _characters(self, text: bytes) -> list[str]:
        named = (_CONTROLS.get(character, character) for character in self._text.decode(text))
        return [key for key in named if key.isprintable()]


def _named(sequence: re.Match[bytes]) -> list[str]:
    """Return the key of a sequence, whatever was held down with it; nothing if it is unknown."""
    if sequence["final"] == b"~":
        name = _NUMBERS.get(sequence["numbers"].partition(b";")[0])
    else:
        name = _FINALS.get(sequence["final"])
    return [name] if name else []
