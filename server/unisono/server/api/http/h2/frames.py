"""Frames (RFC 9113, sections 4 and 6): splits bytes into them, and makes them. Knows no streams."""

from collections.abc import Generator
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, broken

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client sends first (section 3.4)."""

MAX_FRAME_SIZE: Final = 16_384
"""The largest payload that we take, and the smallest that everybody has to take (section 4.2)."""

END_STREAM: Final = 0x1
ACK: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITY_FLAG: Final = 0x20

_HEADER: Final = Struct(">HBBBI")
_INT: Final = Struct(">I")
_TWO: Final = Struct(">II")


class FrameType(IntEnum):
    """The types of frames that RFC 9113 has; others are to be passed over (section 5.5)."""

    DATA = 0x0
    HEADERS = 0x1
    PRIORITY = 0x2
    RST_STREAM = 0x3
    SETTINGS = 0x4
    PUSH_PROMISE = 0x5
    PING = 0x6
    GOAWAY = 0x7
    WINDOW_UPDATE = 0x8
    CONTINUATION = 0x9


class Frame(NamedTuple):
    """A frame as it came. `type` may be one that nobody knows."""

    type: int
    flags: int
    stream_id: int
    payload: bytes


class FrameReader:
    """Splits what a client sends into its frames, after the preface. Holds what nobody has taken yet."""

    __slots__ = ("_at", "_buffer", "_greeted")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        self._greeted = False

    @property
    def is_within_frame(self) -> bool:
        """Whether a frame, or the preface, has begun and not ended."""
        return len(self._buffer) > self._at or not self._greeted

    @property
    def kept(self) -> int:
        """How many bytes nobody has taken yet."""
        return len(self._buffer) - self._at

    def keep(self, data: bytes) -> None:
        """Add what came, for later."""
        if self._at or not self._buffer:
            self._buffer, self._at = self._buffer[self._at :] + data, 0
        else:
            self._buffer += data

    def feed(self, data: bytes) -> Generator[Frame, None, None]:
        """Yield the frames that are complete; who takes fewer has to close it, and finds the others later.

        Raises `ConnectionFailed`.
        """
        if data:
            self.keep(data)
        buffer, at = self._buffer, self._at
        if not self._greeted:
            at = self._greet(buffer)
            if not self._greeted:
                return
        try:
            end = len(buffer)
            while end - at >= 9:
                high, low, kind, flags, stream_id = _HEADER.unpack_from(buffer, at)
                size = (high << 8) | low
                if size > MAX_FRAME_SIZE:
                    raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, "a frame is too large")
                after = at + 9 + size
                if after > end:
                    break
                payload = buffer[at + 9 : after]
                at = after
                yield Frame(kind, flags, stream_id & 0x7FFF_FFFF, payload)
            buffer, at = buffer[at:], 0
        finally:
            # Whole frames that are left are not copied at each turn: they may be many.
            self._buffer, self._at = (buffer, at) if at < len(buffer) else (b"", 0)

    def _greet(self, buffer: bytes) -> int:
        """Return where the frames begin; nothing is greeted before the preface is complete."""
        size = min(len(buffer), len(PREFACE))
        if buffer[:size] != PREFACE[:size]:
            raise broken("the preface of HTTP/2 is missing")
        if size < len(PREFACE):
            return 0
        self._greeted = True
        return size


def frame(kind: FrameType, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a frame. The payload must fit into what the peer takes."""
    size = len(payload)
    return _HEADER.pack(size >> 8, size & 0xFF, kind, flags, stream_id) + payload


def settings(values: dict[int, int]) -> bytes:
    """Return a SETTINGS frame."""
    payload = b"".join(name.to_bytes(2, "big") + _INT.pack(value) for name, value in values.items())
    return frame(FrameType.SETTINGS, 0, 0, payload)


SETTINGS_ACK: Final = frame(FrameType.SETTINGS, ACK, 0)


def ping(payload: bytes, *, ack: bool = False) -> bytes:
    """Return a PING frame; `payload` has eight bytes."""
    return frame(FrameType.PING, ACK if ack else 0, 0, payload)


def goaway(last_stream_id: int, code: ErrorCode, why: str = "") -> bytes:
    """Return a GOAWAY frame; `why` is for who debugs a client."""
    return frame(FrameType.GOAWAY, 0, 0, _TWO.pack(last_stream_id, code) + why.encode()[:256])


def rst_stream(stream_id: int, code: ErrorCode) -> bytes:
    """Return an RST_STREAM frame."""
    return frame(FrameType.RST_STREAM, 0, stream_id, _INT.pack(code))


def window_update(stream_id: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE frame; the stream 0 is the connection."""
    return frame(FrameType.WINDOW_UPDATE, 0, stream_id, _INT.pack(increment))


def headers(stream_id: int, block: bytes, *, end_stream: bool, max_size: int) -> bytes:
    """Return a HEADERS frame, with CONTINUATION frames where the block is larger than a frame may be."""
    flags = END_STREAM if end_stream else 0
    if len(block) <= max_size:
        return frame(FrameType.HEADERS, flags | END_HEADERS, stream_id, block)
    parts = [block[at : at + max_size] for at in range(0, len(block), max_size)]
    first = frame(FrameType.HEADERS, flags, stream_id, parts[0])
    middle = [frame(FrameType.CONTINUATION, 0, stream_id, part) for part in parts[1:-1]]
    return b"".join((first, *middle, frame(FrameType.CONTINUATION, END_HEADERS, stream_id, parts[-1])))


def number(payload: bytes) -> int:
    """Return the 32-bit number at the beginning of a payload."""
    return int(_INT.unpack_from(payload)[0])


def unpadded(frame: Frame) -> bytes:
    """Return the payload of a DATA or HEADERS frame without its padding. Raises `ConnectionFailed`."""
    if not frame.flags & PADDED:
        return frame.payload
    size = len(frame.payload)
    if not size or frame.payload[0] >= size:
        raise broken("a frame has more padding than payload")
    return frame.payload[1 : size - frame.payload[0]]
