"""Encodes protobuf fields by hand (protobuf's encoding guide). Does not depend on any message type."""

from functools import lru_cache
from typing import Final

#: Wire types: a number, and a length with so many bytes behind it.
VARINT: Final = 0
LEN: Final = 2


def varint(value: int) -> bytes:
    """Encode a number that is not negative as a varint: seven bits in each byte, the lowest first."""
    if value < len(_VARINTS):
        return _VARINTS[value]
    return _varint_bytes(value)


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


#: The varints of one and two bytes, which are nearly all that are needed.
_VARINTS: Final = tuple(map(_varint_bytes, range(1 << 14)))


def tag(number: int, kind: int = LEN) -> bytes:
    """Encode the tag of a field, which stands before its value: its number, and its wire type `kind`."""
    return varint(number << 3 | kind)


def string_field(tag: bytes, value: str) -> bytes:
    """Encode a string field, given its tag; an empty one is left out, as in proto3."""
    if not value:
        return b""
    raw = value.encode()
    return tag + varint(len(raw)) + raw


@lru_cache(maxsize=4096)
def timestamp_field(tag: bytes, millis: int) -> bytes:
    """Encode a field of type `Timestamp` or `Duration`, given its tag and milliseconds, at least 0.

    Cached, as notifications of one commit have nearly all the same times.
    """
    seconds, rest = divmod(millis, 1000)
    body = (b"\x08" + varint(seconds) if seconds else b"") + (
        b"\x10" + varint(rest * 1_000_000) if rest else b""
    )
    return tag + varint(len(body)) + body


def after_field(encoded: bytes, at: int) -> int:
    """Return where the field ends that begins at `at`: one with a tag of one byte and a length."""
    length, shift, at = 0, 0, at + 1
    while encoded[at] > 0x7F:
        length |= (encoded[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return at + 1 + (length | encoded[at] << shift)
