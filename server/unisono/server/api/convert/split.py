"""Splits a request into the messages of its one repeated field, without decoding them.

Accepts what protobuf's own parser accepts (protobuf's encoding guide), but limits the number of unknown
fields. Does not depend on any message type.
"""

from typing import Final

from unisono.server.api.convert.protowire import LEN, VARINT

_GROUP: Final = 3
_GROUP_END: Final = 4

#: The number of bytes behind a tag, by wire type, where that is always the same.
_FIXED: Final = {1: 8, _GROUP: 0, _GROUP_END: 0, 5: 4}

#: The tag of field 1 with wire type LEN.
_MEMBER: Final = 1 << 3 | LEN

#: Most bytes of a tag or a length, and of a number.
_SHORT: Final = 5
_LONG: Final = 10

_LARGEST_TAG: Final = 2**32 - 1

#: Most levels of nested groups, as in protobuf's own parser.
_DEEPEST: Final = 100

#: Most fields beside the members. A newer client may send some; each takes time, so a million may not come.
_MAX_UNKNOWN_FIELDS: Final = 1000


class Malformed(ValueError):
    """The bytes are no protobuf message, or one with too many unknown fields."""


class TooMany(ValueError):
    """The message has more members than allowed."""


def split(body: bytes, max_items: int) -> list[bytes]:
    """Return the members of field 1, each still encoded, in order. Other fields are skipped.

    Raises TooMany beyond `max_items` members, and Malformed, whichever comes first in `body`.
    """
    members: list[bytes] = []
    groups: list[int] = []
    others, at, end = 0, 0, len(body)
    while at < end:
        tag, at = _varint(body, at, _SHORT)
        begin, at = _value(body, at, tag & 7)
        if at > end:
            raise Malformed("it is cut short")
        if tag == _MEMBER and not groups:
            if len(members) == max_items:
                raise TooMany
            members.append(body[begin:at])
        else:
            others += 1
            _pass(tag, groups, others)
    if groups:
        raise Malformed("a group has no end")
    return members


def _value(body: bytes, at: int, kind: int) -> tuple[int, int]:
    """Return where the value of a field begins and ends; the end may lie beyond the body."""
    if kind == LEN:
        length, at = _varint(body, at, _SHORT)
        return at, at + length
    if kind == VARINT:
        return at, _varint(body, at, _LONG)[1]
    if kind in _FIXED:
        return at, at + _FIXED[kind]
    raise Malformed("a field has no wire type")


def _pass(tag: int, groups: list[int], others: int) -> None:
    """Check a field that is skipped; `groups` are the numbers of the groups around it."""
    number, kind = tag >> 3, tag & 7
    if tag > _LARGEST_TAG or (number == 0 and not groups):
        raise Malformed("a field has no number")
    if others > _MAX_UNKNOWN_FIELDS:
        raise Malformed(f"more than {_MAX_UNKNOWN_FIELDS} of its fields are unknown")
    if kind == _GROUP:
        groups.append(number)
        if len(groups) > _DEEPEST:
            raise Malformed("groups are nested too deep")
    elif kind == _GROUP_END and (not groups or groups.pop() != number):
        raise Malformed("a group ends that is not open")


def _varint(body: bytes, at: int, longest: int) -> tuple[int, int]:
    """Decode a number of at most `longest` bytes; return it, and where it ends."""
    if at < len(body) and (byte := body[at]) < 0x80:
        return byte, at + 1
    value = 0
    for index, byte in enumerate(body[at : at + longest]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise Malformed("a number does not end")
