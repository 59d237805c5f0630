"""What is to be sent: control frames at once, bodies as windows and the socket allow, streams in turn."""

from typing import Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.frames import END_STREAM, FrameType
from unisono.server.api.http.h2.header_blocks import NO_TABLE
from unisono.server.api.http.h2.settings import LARGEST_WINDOW, WINDOW, PeerSettings
from unisono.server.api.http.h2.stream import Stream

HELD_MAX: Final = 1000
"""The most frames other than bodies while the socket takes nothing: answers that a client does not read."""

UPDATES_PER_DATA: Final = 4
"""Updates of windows that a frame of a body is worth, however small: its stream's and the connection's."""

PART: Final = 256
"""Bytes of a body that are worth two updates: so small are the parts in which a client may read it.

A smaller frame that a window has cut is worth nothing, for who makes us send those asks for too little.
"""


class Output:
    """Bytes for the socket, and streams that wait for a window. `resumed` are those that went on.

    `sending` says whether headers or data were sent since whoever asks set it to False; `updates` is how many
    updates of windows the client may answer by what was sent.
    """

    __slots__ = (
        "_begun",
        "_chunks",
        "_held",
        "_paused",
        "_peer",
        "_waiting",
        "_window",
        "resumed",
        "sending",
        "size",
        "updates",
    )

    def __init__(self, peer: PeerSettings) -> None:
        self._peer: Final = peer
        self._chunks: list[bytes] = []
        self._window = WINDOW
        self._waiting: dict[int, Stream] = {}
        self._paused = False
        self._begun = False
        self._held = 0
        self.size = 0
        self.sending = False
        self.updates = 0
        self.resumed: dict[int, Stream] = {}

    def take(self) -> bytes:
        """Return what is to be sent now, and forget it."""
        if not self._chunks:
            return b""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.size = 0
        return data

    def control(self, frame: bytes) -> None:
        """Send a frame that no window counts."""
        self._held += self._paused
        self._put(frame)

    def headers(self, stream: Stream, block: bytes, *, end_stream: bool) -> None:
        """Send the headers of a response; with `end_stream` there is nothing else."""
        self._block(stream, block, end_stream=end_stream)
        if end_stream:
            stream.local_closed = True

    def data(self, stream: Stream, data: bytes) -> None:
        """Send a part of a body, now or when there is room for it."""
        size = len(data)
        if not stream.is_waiting and size <= self._room(stream):
            self._send(stream, data, 0)
            return
        stream.pending += data
        self._waiting[stream.stream_id] = stream
        self.pump(stream)

    def finish(self, stream: Stream, trailers: bytes) -> None:
        """End a stream after what waits: with a block of trailers, or without where that is empty."""
        if not stream.is_waiting:
            self._end(stream, trailers)
            return
        stream.finish = trailers
        self._waiting[stream.stream_id] = stream

    @property
    def is_flooded(self) -> bool:
        """Whether a client makes us answer, and does not take the answers."""
        return self._held > HELD_MAX

    def drop(self, stream: Stream) -> None:
        """Forget what waits of a stream that was reset."""
        stream.pending.clear()
        stream.finish = None
        self._waiting.pop(stream.stream_id, None)

    def widen(self, increment: int) -> None:
        """Widen the window of the connection. Raises `ConnectionFailed` beyond the largest."""
        was_closed = self._window <= 0
        self._window += increment
        if self._window > LARGEST_WINDOW:
            raise ConnectionFailed(ErrorCode.FLOW_CONTROL_ERROR, "the window of the connection is too large")
        if was_closed:
            # Otherwise nobody waits for it: to look after all streams at each update would cost much.
            self.pump_all()

    def pause(self) -> None:
        """Hold bodies back: the socket takes no more."""
        self._paused = True

    def resume(self) -> None:
        """Go on: the socket takes more."""
        self._paused, self._held = False, 0
        self.pump_all()

    def pump_all(self) -> None:
        """Send of all streams that wait, a frame of each in turn."""
        moved = True
        while moved and self._window > 0 and not self._paused:
            moved = False
            for stream in tuple(self._waiting.values()):
                moved = self._one(stream) or moved
                if self._window <= 0:
                    break

    def pump(self, stream: Stream) -> None:
        """Send of one stream as much as there is room for."""
        while self._one(stream):
            pass

    def _one(self, stream: Stream) -> bool:
        """Send the next frame of a stream that waits; return whether there was room for one."""
        if stream.pending:
            room = self._room(stream)
            if room <= 0:
                return False
            part = bytes(stream.pending[:room])
            del stream.pending[:room]
            self._send(stream, part, 0)
            self.resumed[stream.stream_id] = stream
        if stream.pending:
            return True
        self._waiting.pop(stream.stream_id, None)
        if stream.finish is not None:
            trailers, stream.finish = stream.finish, None
            self._end(stream, trailers)
        return False

    def _room(self, stream: Stream) -> int:
        if self._paused:
            return 0
        return min(self._window, stream.send_window, self._peer.max_frame_size)

    def _send(self, stream: Stream, data: bytes, flags: int) -> None:
        size = len(data)
        self._window -= size
        stream.send_window -= size
        self.sending = True
        if size >= PART or not stream.pending:
            self.updates += UPDATES_PER_DATA + 2 * (size // PART)
        self._put(frames.frame(FrameType.DATA, flags, stream.stream_id, data))

    def _end(self, stream: Stream, trailers: bytes) -> None:
        if trailers:
            self._block(stream, trailers, end_stream=True)
        else:
            self._send(stream, b"", END_STREAM)
        stream.local_closed = True

    def _block(self, stream: Stream, block: bytes, *, end_stream: bool) -> None:
        if not self._begun:
            self._begun, block = True, NO_TABLE + block
        size = self._peer.max_frame_size
        self.sending = True
        self._put(frames.headers(stream.stream_id, block, end_stream=end_stream, max_size=size))

    def _put(self, data: bytes) -> None:
        self._chunks.append(data)
        self.size += len(data)
