"""Compressed header blocks (HPACK, RFC 7541): decoded within limits, and encoded without a state.

Clients repeat themselves: a block that is equal byte for byte, and finds the table as it was, decodes to the
same. So a few are remembered, which takes HPACK off the hot path. They are at their second time: most devices
have one request, and what it says with its token is much of what they take.
"""

from collections.abc import Iterable
from typing import Final

from hpack import HPACKError, OversizedHeaderListError

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.field_decoder import FieldDecoder
from unisono.server.api.http.h2.field_table import ENTRY
from unisono.server.api.http.h2.requests import Header, Headers, RequestHead, request_head

FAR_TOO_LARGE: Final = 4
"""How many times the limit of a list is decoded all the same, to keep the table of the connection."""

MOST_FIELDS: Final = 256
"""Fields that a list may have: one takes a byte to send, and a microsecond to decode."""

REMEMBERED: Final = 8
"""Blocks that are remembered of a connection, and bytes of the largest of them."""

REMEMBERED_BYTES: Final = 2048

_BITS: Final = 60
"""Bits of a small number."""

NO_TABLE: Final = b"\x20"
"""The update of the table to the size 0 (section 6.3), which begins our first block: we index nothing."""

_LITERAL: Final = b"\0"
"""A literal that is not indexed, with a new name (section 6.2.2)."""

_LARGE: Final = 0x7F
_SIZES: Final = tuple(bytes((size,)) for size in range(_LARGE))


class HeaderList:
    """The headers of a block. What they are as a request is found out once, however often it comes."""

    __slots__ = ("_request", "headers")

    def __init__(self, headers: Headers) -> None:
        self.headers: Final = headers
        self._request: RequestHead | None = None

    def request(self) -> RequestHead:
        """Return the head of a request. Raises `Malformed`."""
        if self._request is None:
            self._request = request_head(self.headers)
        return self._request


class HeaderDecoder:
    """Decodes the blocks of one client. `max_list_bytes` bounds a list as RFC 9113, section 6.5.2, counts."""

    __slots__ = ("_decoder", "_max_list_bytes", "_remembered", "_seen")

    def __init__(self, max_list_bytes: int) -> None:
        self._max_list_bytes: Final = max_list_bytes
        self._decoder: Final = FieldDecoder(FAR_TOO_LARGE * max_list_bytes, FAR_TOO_LARGE * MOST_FIELDS)
        self._remembered: dict[bytes, HeaderList] = {}
        #: A bit for each block that has come, by its hash: one that is set for another remembers too early.
        self._seen = 0

    def decode(self, block: bytes) -> HeaderList | None:
        """Return the headers of a block, None where they are more than they may be.

        Raises `ConnectionFailed` for a block that is wrong, or so large that the table is lost by it.
        """
        known = self._remembered.get(block)
        if known is not None:
            return known
        table = self._decoder.table
        changes = table.changes
        found = self._decoded(block)
        if table.changes != changes:
            self._remembered.clear()
        elif found is not None and len(block) <= REMEMBERED_BYTES:
            self._remember(block, found)
        return found

    def _remember(self, block: bytes, found: HeaderList) -> None:
        bit = 1 << hash(block) % _BITS
        if not self._seen & bit:
            self._seen |= bit
            return
        if len(self._remembered) >= REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        self._remembered[block] = found

    def _decoded(self, block: bytes) -> HeaderList | None:
        try:
            found = tuple(self._decoder.decode(block))
        except OversizedHeaderListError:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "far too many headers") from None
        except (HPACKError, IndexError) as error:
            raise ConnectionFailed(ErrorCode.COMPRESSION_ERROR, f"a header block is wrong: {error}") from None
        size = sum(len(name) + len(value) + ENTRY for name, value in found)
        fits = size <= self._max_list_bytes and len(found) <= MOST_FIELDS
        return HeaderList(found) if fits else None


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
