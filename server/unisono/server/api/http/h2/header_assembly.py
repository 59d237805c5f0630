"""Puts header blocks together from HEADERS and CONTINUATION frames (RFC 9113, section 6.10), in limits."""

from typing import Final, NamedTuple

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, broken
from unisono.server.api.http.h2.frames import (
    END_HEADERS,
    END_STREAM,
    PRIORITY_FLAG,
    Frame,
    FrameType,
    number,
    unpadded,
)

CONTINUATIONS_MAX: Final = 16
"""The most CONTINUATION frames of a block: a flood of them costs without ever being a request."""


class Block(NamedTuple):
    """A complete block. `self_dependent` is a mistake of the stream, which does not spoil the connection."""

    stream_id: int
    data: bytes
    ends_stream: bool
    self_dependent: bool


class HeaderAssembly:
    """The block that is under way, if there is one. `max_bytes` bounds it."""

    __slots__ = ("_first", "_max_bytes", "_parts")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes: Final = max_bytes
        self._first: Block | None = None
        self._parts: list[bytes] = []

    @property
    def is_under_way(self) -> bool:
        """Whether a block has begun, and not ended."""
        return self._first is not None

    def check(self, frame: Frame) -> None:
        """Raise `ConnectionFailed` for a frame that does not go on with the block that is under way."""
        if self._first is None:
            return
        if frame.type != FrameType.CONTINUATION or frame.stream_id != self._first.stream_id:
            raise broken("a header block is interrupted")

    def begin(self, frame: Frame) -> Block | None:
        """Take a HEADERS frame; return the block if it is complete."""
        payload, self_dependent = unpadded(frame), False
        if frame.flags & PRIORITY_FLAG:
            if len(payload) < 5:
                raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, "a priority is cut off")
            self_dependent = number(payload) & 0x7FFF_FFFF == frame.stream_id
            payload = payload[5:]
        block = Block(frame.stream_id, payload, bool(frame.flags & END_STREAM), self_dependent)
        if frame.flags & END_HEADERS:
            return block
        self._first, self._parts = block, [payload]
        return None

    def add(self, frame: Frame) -> Block | None:
        """Take a CONTINUATION frame; return the block if it is complete. Raises `ConnectionFailed`."""
        if self._first is None:
            raise broken("a CONTINUATION without a beginning")
        self._parts.append(frame.payload)
        if len(self._parts) > CONTINUATIONS_MAX + 1 or sum(map(len, self._parts)) > self._max_bytes:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "a header block is too large")
        if not frame.flags & END_HEADERS:
            return None
        block = self._first._replace(data=b"".join(self._parts))
        self._first, self._parts = None, []
        return block
