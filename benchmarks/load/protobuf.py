"""Encodes and decodes messages of Protocol Buffers by field numbers, for peers whose stubs are not here.

Only strings, bytes, messages and unsigned integers, which are what peers need.
"""

from collections.abc import Iterator
from typing import Final

_VARINT: Final = 0
_LENGTH: Final = 2


class NotUnderstood(Exception):
    """A message has a field of a type that is not decoded here."""


def varint(number: int) -> bytes:
    """Encode an unsigned integer."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def text(number: int, value: bytes | str) -> bytes:
    """Encode a field that is a string, bytes or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | _LENGTH) + varint(len(data)) + data


def integer(number: int, value: int) -> bytes:
    """Encode a field that is an unsigned integer or a boolean."""
    return varint(number << 3 | _VARINT) + varint(value)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode an integer at a position, and return it and the position after it. Raises IndexError."""
    number = shift = 0
    while data[at] > 0x7F:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


def count(data: bytes, number: int) -> int:
    """Count the fields of a number that are strings, bytes or messages, in a message of numbers below 16.

    Nothing of them is copied, so that it takes less than a peer takes to send them.
    """
    at = counted = 0
    while at < len(data):
        key = data[at]
        if key > 0x7F or key & 7 not in (_VARINT, _LENGTH):
            raise NotUnderstood(f"a key is {key}")
        size, at = read_varint(data, at + 1)
        if key & 7 == _LENGTH:
            at += size
            counted += key >> 3 == number
    return counted


def texts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a message that are strings, bytes or messages, by number."""
    return ((number, value) for number, value in _fields(data) if isinstance(value, bytes))


def integers(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the fields of a message that are integers, by number."""
    return ((number, value) for number, value in _fields(data) if isinstance(value, int))


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        number, at = read_varint(data, at)
        match key & 7:
            case 0:
                yield key >> 3, number
            case 2:
                yield key >> 3, data[at : at + number]
                at += number
            case kind:
                raise NotUnderstood(f"field {key >> 3} is of type {kind}")
