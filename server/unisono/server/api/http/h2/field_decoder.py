"""Decodes header blocks to fields (HPACK, RFC 7541), in a third of the time of `hpack`.

A device that comes back says all of its headers anew, with a token, and they are much of what HTTP/2 takes.
"""

from typing import Final

from hpack import HPACKDecodingError, InvalidTableSizeError, OversizedHeaderListError

from unisono.server.api.http.h2 import huffman
from unisono.server.api.http.h2.field_table import ENTRY, FieldTable
from unisono.server.api.http.h2.requests import Header

#: Kinds of fields by the first bits of their first byte (section 6), and the bits of a number that are in it.
_INDEXED: Final = 0x80
_KEPT: Final = 0x40
_TABLE_SIZE: Final = 0x20
_OF_INDEXED: Final = 0x7F
_OF_KEPT: Final = 0x3F
_OF_TABLE_SIZE: Final = 0x1F
_OF_OTHERS: Final = 0x0F

#: The bit of a string that is in the Huffman code, and the bits of its length.
_HUFFMAN: Final = 0x80
_LENGTH: Final = 0x7F

#: A number has at most so many bits besides those of its first byte: no list is as long as what has more.
_MOST_BITS: Final = 35


class FieldDecoder:
    """Decodes the blocks of one client, in their order.

    A list has at most `max_bytes`, as sizes are counted, and `max_fields`.

    After an error the table is not what the client thinks it is.
    """

    __slots__ = ("_max_bytes", "_max_fields", "_max_table", "table")

    def __init__(self, max_bytes: int, max_fields: int) -> None:
        self.table: Final = FieldTable()
        self._max_bytes: Final = max_bytes
        self._max_fields: Final = max_fields
        self._max_table: Final = self.table.max_size

    def decode(self, block: bytes) -> list[Header]:
        """Return the fields of a block.

        Raises `HPACKError` and `IndexError` for what is wrong, and of the former `OversizedHeaderListError`
        for what is too large.
        """
        fields, size, at, end = list[Header](), 0, 0, len(block)
        while at < end:
            if block[at] & ~_OF_TABLE_SIZE == _TABLE_SIZE:
                at = self._resize(block, at, fields)
                continue
            field, at = self._field(block, at)
            fields.append(field)
            size += len(field[0]) + len(field[1]) + ENTRY
            if size > self._max_bytes or len(fields) > self._max_fields:
                raise OversizedHeaderListError("a list is too large")
        return fields

    def _field(self, block: bytes, at: int) -> tuple[Header, int]:
        first = block[at]
        if first & _INDEXED:
            index, at = _number(block, at, _OF_INDEXED)
            return self.table.get(index), at
        index, at = _number(block, at, _OF_KEPT if first & _KEPT else _OF_OTHERS)
        if index:
            name = self.table.get(index)[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        if first & _KEPT:
            self.table.add(name, value)
        return (name, value), at

    def _resize(self, block: bytes, at: int, before: list[Header]) -> int:
        if before:
            raise HPACKDecodingError("the table is resized after a field")
        size, at = _number(block, at, _OF_TABLE_SIZE)
        if size > self._max_table:
            raise InvalidTableSizeError(f"the table is made larger than {self._max_table}")
        self.table.resize(size)
        return at


def _number(block: bytes, at: int, mask: int) -> tuple[int, int]:
    """Return a number and the place after it (section 5.1)."""
    number, at = block[at] & mask, at + 1
    if number < mask:
        return number, at
    for shift in range(0, _MOST_BITS, 7):
        byte, at = block[at], at + 1
        number += (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise HPACKDecodingError("a number is too long")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """Return a string and the place after it (section 5.2)."""
    in_huffman = block[at] & _HUFFMAN
    length, at = _number(block, at, _LENGTH)
    end = at + length
    if end > len(block):
        raise HPACKDecodingError("a string is longer than its block")
    data = block[at:end]
    return (huffman.decoded(data) if in_huffman else data), end
