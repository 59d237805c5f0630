"""Compressed header blocks (HPACK, RFC 7541): decoded within limits, and encoded without a state.

Clients repeat themselves: a block that is equal byte for byte, and finds the table as it was, decodes to the
same. So a few are remembered, which takes HPACK off the hot path.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from hpack import Decoder, HPACKError

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]

TABLE_SIZE: Final = 4096
"""Bytes of the table that a client may fill, by default (section 6.5.2 of RFC 9113)."""

REMEMBERED: Final = 8
"""Blocks that are remembered of a connection, and bytes of the largest of them."""

REMEMBERED_BYTES: Final = 2048

NO_TABLE: Final = b"\x20"
"""The update of the table to the size 0 (section 6.3), which begins our first block: we index nothing."""

_LITERAL: Final = b"\0"
"""A literal that is not indexed, with a new name (section 6.2.2)."""

_LARGE: Final = 0x7F
_SIZES: Final = tuple(bytes((size,)) for size in range(_LARGE))


class HeaderDecoder:
    """Decodes the blocks of one client. `max_list_bytes` bounds a list as RFC 9113, section 6.5.2, counts."""

    def __init__(self, max_list_bytes: int) -> None:
        self._decoder = Decoder(max_header_list_size=max_list_bytes)
        self._remembered: dict[bytes, Headers] = {}

    def decode(self, block: bytes) -> Headers:
        """Return the headers of a block. Raises `ConnectionFailed`, for the table is lost then."""
        known = self._remembered.get(block)
        if known is not None:
            return known
        table = self._decoder.header_table
        entries, size = table.dynamic_entries, table.maxsize
        first, count = (entries[0] if entries else None), len(entries)
        try:
            found: Headers = tuple(self._decoder.decode(block, raw=True))
        except (HPACKError, IndexError, ValueError) as error:
            raise ConnectionFailed(ErrorCode.COMPRESSION_ERROR, f"a header block is wrong: {error}") from None
        changed = len(entries) != count or (entries[0] if entries else None) is not first
        if changed or table.maxsize != size:
            self._remembered.clear()
        elif len(block) <= REMEMBERED_BYTES:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[block] = found
        return found


def encode(headers: Iterable[Header]) -> bytes:
    """Return a block that is the same for every client: literals, none of them indexed or compressed.

    That takes a microsecond, where `hpack` takes twenty, and few bytes more than responses have anyway.
    """
    parts: list[bytes] = []
    for name, value in headers:
        parts += (_LITERAL, _size(len(name)), name, _size(len(value)), value)
    return b"".join(parts)


def _size(number: int) -> bytes:
    """Return the length of a string without compression (sections 5.1 and 5.2 of RFC 7541)."""
    if number < _LARGE:
        return _SIZES[number]
    number -= _LARGE
    more = bytearray((_LARGE,))
    while number >= 0x80:
        more.append(number & 0x7F | 0x80)
        number >>= 7
    more.append(number)
    return bytes(more)
