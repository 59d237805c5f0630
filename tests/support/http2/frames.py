"""Encodes and decodes the frames of HTTP/2 that a client of gRPC needs (RFC 9113, section 4.1)."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

#: The first bytes that a client sends (RFC 9113, section 3.4).
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#: The kinds of frames (RFC 9113, section 6).
DATA: Final = 0x0
HEADERS: Final = 0x1
PRIORITY: Final = 0x2
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8
CONTINUATION: Final = 0x9

#: Flags. ACK is of settings and pings, END_STREAM of data and headers, the others of headers.
ACK: Final = 0x1
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4

#: Error codes of a stream or a connection (RFC 9113, section 7).
NO_ERROR: Final = 0x0
CANCEL: Final = 0x8

#: Bytes that a peer may send before it gets a WINDOW_UPDATE (RFC 9113, section 6.9.2).
WINDOW: Final = 65_535

#: Largest payload of a frame that every peer takes (RFC 9113, section 4.2).
LARGEST: Final = 16_384

_HEAD: Final = struct.Struct(">HBBBI")
_NUMBER: Final = struct.Struct(">I")
_SETTING: Final = struct.Struct(">HI")
_ENABLE_PUSH: Final = 0x2
_INITIAL_WINDOW_SIZE: Final = 0x4


class Frame(NamedTuple):
    """One frame that was received."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """Encode a frame; its payload must have at most 16,384 bytes."""
    return _HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream_id) + payload


def header_frames(stream_id: int, block: bytes, *, last: bool) -> bytes:
    """Return the frames of a block of headers; `last` if no body follows."""
    parts = [block[start : start + LARGEST] for start in range(0, len(block), LARGEST)]
    found = []
    for number, part in enumerate(parts):
        flags = (END_STREAM if last and not number else 0) | (END_HEADERS if part is parts[-1] else 0)
        found.append(frame(CONTINUATION if number else HEADERS, flags, stream_id, part))
    return b"".join(found)


def greeting() -> bytes:
    """Return the bytes that open a connection: the preface, and settings that disable push."""
    return PREFACE + frame(SETTINGS, 0, 0, _SETTING.pack(_ENABLE_PUSH, 0))


def more_room(stream_id: int, size: int) -> bytes:
    """Return a frame that lets the peer send `size` more bytes on a stream, or with 0 on the connection."""
    return frame(WINDOW_UPDATE, 0, stream_id, number(size))


def given_up(stream_id: int) -> bytes:
    """Return a frame that resets a stream with CANCEL."""
    return frame(RST_STREAM, 0, stream_id, number(CANCEL))


def initial_window(settings: bytes, before: int) -> int:
    """Return the initial window of streams in settings (RFC 9113, section 6.5.2), or `before` without one."""
    return int(dict(_SETTING.iter_unpack(settings)).get(_INITIAL_WINDOW_SIZE, before))


def farewell() -> bytes:
    """Return a GOAWAY frame without an error."""
    return frame(GOAWAY, 0, 0, number(0) + number(NO_ERROR))


def number(value: int) -> bytes:
    """Encode a number of four bytes."""
    return _NUMBER.pack(value)


def first_number(payload: bytes) -> int:
    """Return the first number of a payload: an error code, the last stream, or the size of a window."""
    return int(_NUMBER.unpack_from(payload)[0])


def take_frames(buffer: bytearray) -> Iterator[Frame]:
    """Yield the whole frames at the beginning of the buffer, and remove them from it in the end."""
    start = 0
    while len(buffer) - start >= _HEAD.size:
        high, low, kind, flags, stream_id = _HEAD.unpack_from(buffer, start)
        begin = start + _HEAD.size
        end = begin + (high << 8 | low)
        if len(buffer) < end:
            break
        start = end
        yield Frame(kind, flags, stream_id, bytes(buffer[begin:end]))
    del buffer[:start]
