"""The settings that both peers tell each other (RFC 9113, section 6.5)."""

from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import Final

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, broken
from unisono.server.api.http.h2.frames import MAX_FRAME_SIZE

WINDOW: Final = 65_535
"""The window of a stream, and of a connection, before anybody says otherwise (section 6.9.2)."""

LARGEST_WINDOW: Final = 2**31 - 1

_PAIR: Final = Struct(">HI")


class Setting(IntEnum):
    """The settings that RFC 9113 has; others are to be passed over."""

    HEADER_TABLE_SIZE = 0x1
    ENABLE_PUSH = 0x2
    MAX_CONCURRENT_STREAMS = 0x3
    INITIAL_WINDOW_SIZE = 0x4
    MAX_FRAME_SIZE = 0x5
    MAX_HEADER_LIST_SIZE = 0x6


class PeerSettings:
    """What the client said of itself, as far as a server has a use for it."""

    __slots__ = ("initial_window_size", "max_frame_size")

    def __init__(self) -> None:
        self.initial_window_size = WINDOW
        self.max_frame_size = MAX_FRAME_SIZE

    def update(self, payload: bytes) -> int:
        """Take over what a SETTINGS frame says; return by how much the windows of streams grew, or shrank.

        Raises `ConnectionFailed` for values out of bounds.
        """
        before = self.initial_window_size
        for name, value in _pairs(payload):
            if name == Setting.INITIAL_WINDOW_SIZE:
                if value > LARGEST_WINDOW:
                    raise ConnectionFailed(ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")
                self.initial_window_size = value
            elif name == Setting.MAX_FRAME_SIZE:
                if not MAX_FRAME_SIZE <= value < 2**24:
                    raise broken("MAX_FRAME_SIZE is out of bounds")
                # Larger frames gain nothing, and hold up what else the connection carries.
                self.max_frame_size = MAX_FRAME_SIZE
            elif name == Setting.ENABLE_PUSH and value > 1:
                raise broken("ENABLE_PUSH is neither 0 nor 1")
        return self.initial_window_size - before


def _pairs(payload: bytes) -> Iterator[tuple[int, int]]:
    if len(payload) % _PAIR.size:
        raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, "a SETTINGS frame is no list of pairs")
    return _PAIR.iter_unpack(payload)
