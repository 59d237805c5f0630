"""Decodes strings in the Huffman code of HPACK (RFC 7541, section 5.2), a byte at a time.

The states and steps are those of the table in `hpack`, which takes half a byte in each. Two of its steps are
put together here when a state is first met with, and a token takes a tenth of the time then. Tokens meet with
fifty states; all 256 take four megabytes.
"""

from typing import Final

from hpack import HPACKDecodingError
from hpack.huffman_table import HUFFMAN_COMPLETE, HUFFMAN_EMIT_SYMBOL, HUFFMAN_FAIL, HUFFMAN_TABLE

_Row = list[tuple[int, bytes]]
"""Of one state, by the next byte: the state after it, and the characters that it completes."""

_START: Final = 0
_FAILED: Final = 256
_NOTHING: Final = b""

#: The states in which a string may end: what is left of its last byte is padding.
_ENDS: Final = {_START} | {state for state, flags, _ in HUFFMAN_TABLE if flags & HUFFMAN_COMPLETE}

_rows: Final[list[_Row | None]] = [*[None] * _FAILED, [(_FAILED, _NOTHING)] * 256]


def decoded(data: bytes) -> bytes:
    """Return what a string says. Raises `HPACKDecodingError` for one that is wrong, or padded wrongly."""
    state, parts = _START, list[bytes]()
    for byte in data:
        state, part = (_rows[state] or _row(state))[byte]
        parts.append(part)
    if state not in _ENDS:
        raise HPACKDecodingError("a Huffman string is wrong")
    return b"".join(parts)


def _row(state: int) -> _Row:
    row = _rows[state] = [_step(state, byte) for byte in range(256)]
    return row


def _step(state: int, byte: int) -> tuple[int, bytes]:
    part = _NOTHING
    for half in (byte >> 4, byte & 0x0F):
        state, flags, character = HUFFMAN_TABLE[state << 4 | half]
        if flags & HUFFMAN_FAIL:
            return _FAILED, _NOTHING
        if flags & HUFFMAN_EMIT_SYMBOL:
            part += bytes((character,))
    return state, part
