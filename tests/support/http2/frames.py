"""The frames of HTTP/2 that a client of gRPC needs, made and taken apart by hand (RFC 9113, section 4.1).

Knows neither connections nor gRPC.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

#: What a client says first (RFC 9113, section 3.4).
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#: The kinds of frames (RFC 9113, section 6).
DATA: Final = 0x0
HEADERS: Final = 0x1
RST_STREAM: Final = 0x3
SETTINGS: Final = 0x4
PING: Final = 0x6
GOAWAY: Final = 0x7
WINDOW_UPDATE: Final = 0x8

#: Flags. ACK is of settings and pings, END_STREAM of data and headers, the others of headers.
ACK: Final = 0x1
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4

#: Why a stream or a connection is given up (RFC 9113, section 7).
NO_ERROR: Final = 0x0
CANCEL: Final = 0x8

#: How much a peer may send before it is told that there is more room (RFC 9113, section 6.9.2).
WINDOW: Final = 65_535

#: Largest payload of a frame that every peer takes (RFC 9113, section 4.2).
LARGEST: Final = 16_384

_HEAD: Final = struct.Struct(">HBBBI")
_NUMBER: Final = struct.Struct(">I")
_SETTING: Final = struct.Struct(">HI")
_ENABLE_PUSH: Final = 0x2
_INITIAL_WINDOW_SIZE: Final = 0x4


class Frame(NamedTuple):
    """One frame, as it came."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """A frame to be sent. Its payload has at most 16,384 bytes."""
    return _HEAD.pack(len(payload) >> 8, len(payload) & 0xFF, kind, flags, stream_id) + payload


def greeting() -> bytes:
    """What opens a connection: the preface, and that nothing is to be pushed."""
    return PREFACE + frame(SETTINGS, 0, 0, _SETTING.pack(_ENABLE_PUSH, 0))


def more_room(stream_id: int, size: int) -> bytes:
    """Lets the peer send so many bytes more, on a stream or, with 0, on all of them."""
    return frame(WINDOW_UPDATE, 0, stream_id, number(size))


def given_up(stream_id: int) -> bytes:
    """Tells the peer that nobody waits for the rest of a stream."""
    return frame(RST_STREAM, 0, stream_id, number(CANCEL))


def initial_window(settings: bytes, before: int) -> int:
    """What each stream may be sent unasked (RFC 9113, section 6.5.2): as before where nothing is said."""
    return int(dict(_SETTING.iter_unpack(settings)).get(_INITIAL_WINDOW_SIZE, before))


def farewell() -> bytes:
    """Tells the peer that the connection is going to be closed."""
    return frame(GOAWAY, 0, 0, number(0) + number(NO_ERROR))


def number(value: int) -> bytes:
    """As it stands in a frame."""
    return _NUMBER.pack(value)


def first_number(payload: bytes) -> int:
    """The first number of a payload: an error, the last stream, more room."""
    return int(_NUMBER.unpack_from(payload)[0])


def take_frames(buffer: bytearray) -> Iterator[Frame]:
    """Takes the whole frames out of what has come so far."""
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
