"""A client that sends any frames in any order, as choices say, and a server that answers in any way."""

import struct
from collections.abc import Callable
from typing import Final

from hpack import Encoder

from tests.http2 import peer
from tests.http2.choices import Choices
from tests.http2.peer import REQUEST, Fields, frame

VALUES: Final = (0, 1, 5, 100, 65_535, 2**31 - 1, 2**31, 2**32 - 1)
FIELDS: Final[tuple[Fields, ...]] = (
    REQUEST,
    REQUEST,
    (*REQUEST, (b"te", b"trailers"), (b"authorization", b"Bearer " + b"x" * 300)),
    (*REQUEST, (b"content-length", b"100")),
    ((b"checksum", b"1"),),
    (),
    REQUEST[1:],
    (*REQUEST, (b"connection", b"close")),
    (*REQUEST, (b"large", b"y" * 3000)),
    (*REQUEST, *((b"many-%d" % number, b"z" * 300) for number in range(20))),
)


class RandomClient:
    """Makes one frame after another: one in so many is odd, which most often ends the connection."""

    def __init__(self, choices: Choices) -> None:
        self._choices: Final = choices
        self._odd_in: Final = choices.one((5, 30, 300, 3000, 60_000))
        self._encoder: Final = Encoder()
        self._next = 1
        self._within: int | None = None
        self._kinds: Final[tuple[Callable[[], bytes], ...]] = (
            *[self._headers] * 6,
            *[self._data] * 8,
            *[self._window_update] * 4,
            *[self._settings] * 2,
            self._rst_stream,
            self._ping,
            self._priority,
        )

    def frame(self) -> bytes:
        """Return the next frame."""
        if self._choices.once_in(self._odd_in):
            return self._odd()
        if self._within is not None:
            return self._continuation()
        if self._next == 1:
            return self._headers()
        return self._choices.one(self._kinds)()

    def _stream_id(self) -> int:
        """Return the id of a stream that has begun, and may be open."""
        return max(1, self._next - 2 - 2 * self._choices.below(6))

    def _headers(self) -> bytes:
        choices = self._choices
        stream_id, block = (
            self._next,
            self._encoder.encode(list(choices.one(FIELDS)), huffman=choices.once_in(8)),
        )
        self._next += 2
        flags = choices.one((0x4, 0x5, 0x4, 0x5, 0x4, 0x5, 0x24, 0xC, 0x2D, 0x1))
        if not flags & peer.END_HEADERS:
            self._within = stream_id
        if flags & peer.WITH_PRIORITY:
            block = struct.pack(">IB", choices.one((0, 3)), 16) + block
        if flags & peer.PADDED:
            block = b"\x08" + block + bytes(8)
        return frame(peer.HEADERS, flags, stream_id, block)

    def _continuation(self) -> bytes:
        stream_id, flags = self._within or 0, self._choices.one((0, peer.END_HEADERS))
        if flags:
            self._within = None
        return frame(peer.CONTINUATION, flags, stream_id)

    def _trailers(self) -> bytes:
        block = self._encoder.encode([(b"checksum", b"1")])
        return frame(peer.HEADERS, peer.END_HEADERS | peer.END_STREAM, self._stream_id(), block)

    def _data(self) -> bytes:
        choices = self._choices
        payload = bytes(choices.one((0, 1, 5, 100, 1000, 16_384)))
        flags = choices.one((0, 0, 0, peer.END_STREAM))
        if choices.once_in(6):
            flags, payload = flags | peer.PADDED, b"\x08" + payload[:100] + bytes(8)
        return frame(peer.DATA, flags, self._stream_id(), payload)

    def _window_update(self) -> bytes:
        stream_id = self._choices.one((0, self._stream_id()))
        return peer.window_update(stream_id, self._choices.one((1, 10, 1000, 20_000)))

    def _settings(self) -> bytes:
        choices = self._choices
        if choices.once_in(4):
            return frame(peer.SETTINGS, peer.ACK)
        return peer.settings({0x4: choices.one((0, 1, 100, 1000, 65_535, 100_000))})

    def _rst_stream(self) -> bytes:
        return peer.rst_stream(self._stream_id(), self._choices.below(20))

    def _ping(self) -> bytes:
        return frame(peer.PING, self._choices.one((0, peer.ACK)), 0, bytes(8))

    def _priority(self) -> bytes:
        return frame(peer.PRIORITY, 0, self._stream_id(), struct.pack(">IB", self._choices.one((0, 2)), 16))

    def _odd(self) -> bytes:
        """Return what is hardly ever right."""
        choices = self._choices
        stream_id = choices.one((0, 2, self._stream_id(), self._next, self._next + 2))
        turn = choices.below(10)
        if turn == 0:
            return choices.some(40)
        if turn == 1:
            return peer.settings({choices.below(8): choices.one(VALUES)})
        if turn == 2:
            return peer.window_update(stream_id, choices.one(VALUES))
        if turn == 3:
            return frame(peer.HEADERS, choices.below(64), stream_id, choices.some(60))
        if turn == 4:
            return self._trailers()
        return frame(choices.below(12), choices.below(256), stream_id, choices.some(40))


TRAILERS: Final = ((b"grpc-status", b"0"),)
