"""Reads and writes fields of protobuf by their numbers, for messages whose proto is not at hand."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from unisono.server.api.convert.protowire import LEN, VARINT, tag, varint

Value = int | bytes
Fields = Mapping[int, Sequence[Value]]


def parsed(message: bytes) -> Fields:
    """Return the values of each field, in order: numbers, and bytes with a length. There are no others."""
    found: defaultdict[int, list[Value]] = defaultdict(list)
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        value, at = _number(message, at)
        if key & 7 == LEN:
            found[key >> 3].append(message[at : at + value])
            at += value
        else:
            assert key & 7 == VARINT
            found[key >> 3].append(value)
    return found


def number(fields: Fields, field: int) -> int:
    """Return the number of a field, 0 where it is not there."""
    value = fields[field][-1] if fields.get(field) else 0
    assert isinstance(value, int)
    return value


def data(fields: Fields, field: int) -> bytes:
    """Return the bytes of a field, empty where it is not there."""
    value = fields[field][-1] if fields.get(field) else b""
    assert isinstance(value, bytes)
    return value


def written(field: int, value: Value) -> bytes:
    """Return a field."""
    if isinstance(value, int):
        return tag(field, VARINT) + varint(value)
    return tag(field) + varint(len(value)) + value


def _number(message: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
