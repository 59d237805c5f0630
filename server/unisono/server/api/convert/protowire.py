"""How protobuf spells fields (its encoding guide), for what is encoded by hand. Knows no message."""

from functools import lru_cache
from typing import Final

#: Wire types: a number, and bytes behind their length.
VARINT: Final = 0
LEN: Final = 2


def varint(value: int) -> bytes:
    """A number that is not negative, as protobuf writes it: seven bits a byte, the low ones first."""
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


#: Nearly all that are needed: of one byte or of two.
_VARINTS: Final = tuple(map(_varint_bytes, range(1 << 14)))


def tag(number: int, kind: int = LEN) -> bytes:
    """What stands before the value of a field."""
    return varint(number << 3 | kind)


def string_field(tag: bytes, value: str) -> bytes:
    """A field of text; an empty one is left out."""
    if not value:
        return b""
    raw = value.encode()
    return tag + varint(len(raw)) + raw


@lru_cache(maxsize=4096)
def timestamp_field(tag: bytes, millis: int) -> bytes:
    """A `Timestamp` or `Duration`: seconds and nanoseconds. Those of one commit are nearly all the same."""
    seconds, rest = divmod(millis, 1000)
    body = (b"\x08" + varint(seconds) if seconds else b"") + (
        b"\x10" + varint(rest * 1_000_000) if rest else b""
    )
    return tag + varint(len(body)) + body
