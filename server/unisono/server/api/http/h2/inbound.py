"""Takes the frames of a client: requests and their bodies here, what governs them in `control_frames`."""

from typing import Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.calm import LARGE, Calm
from unisono.server.api.http.h2.closed import Closing
from unisono.server.api.http.h2.control_frames import ControlFrames
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, StreamFailed, broken
from unisono.server.api.http.h2.events import (
    DataReceived,
    RequestReceived,
)
from unisono.server.api.http.h2.frames import ACK, END_STREAM, Frame, FrameType
from unisono.server.api.http.h2.header_assembly import Block, HeaderAssembly
from unisono.server.api.http.h2.header_blocks import HeaderDecoder, HeaderList
from unisono.server.api.http.h2.requests import Malformed, check_trailers
from unisono.server.api.http.h2.state import ConnectionState
from unisono.server.api.http.h2.stream import Stream

_UNFORESEEN: Final = frozenset((ErrorCode.REFUSED_STREAM, ErrorCode.STREAM_CLOSED))
"""What is no mistake on a stream that is not open: who does it may not know yet what has become of it."""


class Inbound:
    """Takes frames one by one; what happened is in `state.events`.

    `taken` is how many have come; a header block counts as one, however many frames it has.
    """

    __slots__ = ("_assembly", "_calm", "_control", "_decoder", "_now", "_state", "taken")

    def __init__(self, state: ConnectionState) -> None:
        self._state: Final = state
        self._decoder: Final = HeaderDecoder(state.limits.max_header_bytes)
        self._assembly: Final = HeaderAssembly(state.limits.max_header_bytes)
        self._calm: Final = Calm()
        self._control: Final = ControlFrames(state, self._calm)
        self._now = 0.0
        self.taken = 0

    @property
    def is_within_block(self) -> bool:
        """Whether a header block has begun to come, and not ended."""
        return self._assembly.is_under_way

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame that came at a time in seconds. Raises `ConnectionFailed`.

        What breaks the rules of a stream alone resets that.
        """
        state, self._now = self._state, now
        if not state.greeted:
            if frame.type != FrameType.SETTINGS or frame.flags & ACK:
                raise broken("the first frame is no SETTINGS")
            state.greeted = True
        self._assembly.check(frame)
        try:
            self._take(frame)
        except StreamFailed as error:
            self._reset(error)
        if not self._assembly.is_under_way:
            self.taken += 1
        if state.output.is_flooded:
            raise ConnectionFailed(ErrorCode.ENHANCE_YOUR_CALM, "answers are not taken")

    def _reset(self, error: StreamFailed) -> None:
        state, known = self._state, error.stream_id in self._state.streams
        if known or error.code not in _UNFORESEEN:
            # Otherwise a client could have work done that it need not wait for (CVE-2025-8671).
            self._calm.useless(self._now, LARGE if error.code is ErrorCode.ENHANCE_YOUR_CALM else 1)
        state.reset(error.stream_id, error.code)
        if known:
            state.tell_reset(error.stream_id, error.code)

    def _take(self, frame: Frame) -> None:
        if frame.type == FrameType.DATA:
            self._on_data(frame)
        elif frame.type == FrameType.HEADERS:
            self._on_headers(frame)
        elif frame.type == FrameType.CONTINUATION:
            self._on_continuation(frame)
        else:
            self._control.take(frame, self._now)

    def _on_data(self, frame: Frame) -> None:
        state, size = self._state, len(frame.payload)
        if not frame.stream_id:
            raise broken("DATA of no stream")
        data, ended = frames.unpadded(frame), bool(frame.flags & END_STREAM)
        if not data and not ended:
            self._calm.useless(self._now)
        state.window.count(size)
        stream = state.streams.get(frame.stream_id)
        if stream is None or stream.remote_closed:
            state.give_back(size)
            state.late(frame.stream_id)
            self._calm.over(self._now)
            return
        try:
            stream.take(len(data), size, ended=ended)
        except StreamFailed:
            # Nobody is told of these bytes, so nobody else gives them back.
            state.give_back(size)
            raise
        state.events.append(DataReceived(frame.stream_id, data, size, ended))
        if ended:
            self._end(stream)

    def _on_headers(self, frame: Frame) -> None:
        if frame.stream_id % 2 == 0:
            raise broken("HEADERS of a stream that a client cannot begin")
        block = self._assembly.begin(frame)
        if block is not None:
            self._on_block(block)

    def _on_continuation(self, frame: Frame) -> None:
        block = self._assembly.add(frame)
        if block is not None:
            self._on_block(block)

    def _on_block(self, block: Block) -> None:
        # Whatever becomes of it, it has to be decoded: the table of the connection depends on it.
        headers = self._decoder.decode(block.data)
        state, stream_id = self._state, block.stream_id
        stream = state.streams.get(stream_id)
        try:
            if stream is not None:
                self._on_trailers(stream, block, headers)
            elif stream_id > state.last_stream_id:
                state.last_stream_id = stream_id
                self._calm.asked()
                if stream_id <= state.last_taken:
                    self._on_request(block, headers)
            else:
                self._on_old_stream(stream_id)
        except Malformed as error:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, str(error)) from None

    def _on_request(self, block: Block, headers: HeaderList | None) -> None:
        state, stream_id = self._state, block.stream_id
        if block.self_dependent:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")
        head = _within_limit(stream_id, headers).request()
        if state.is_full:
            self._calm.refused(self._now)
            raise StreamFailed(stream_id, ErrorCode.REFUSED_STREAM, "too many streams")
        if block.ends_stream and head.content_length:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, "the body is not as long as it says")
        self._calm.active()
        stream = state.begin(stream_id, head.content_length)
        state.events.append(RequestReceived(stream_id, head, block.ends_stream))
        if block.ends_stream:
            self._end(stream)

    def _on_trailers(self, stream: Stream, block: Block, headers: HeaderList | None) -> None:
        if stream.remote_closed:
            raise StreamFailed(
                stream.stream_id, ErrorCode.STREAM_CLOSED, "HEADERS after the end of its stream"
            )
        if not block.ends_stream or block.self_dependent:
            raise StreamFailed(stream.stream_id, ErrorCode.PROTOCOL_ERROR, "trailers that end nothing")
        check_trailers(_within_limit(stream.stream_id, headers).headers)
        stream.take(0, 0, ended=True)
        self._state.events.append(DataReceived(stream.stream_id, b"", 0, True))
        self._end(stream)

    def _on_old_stream(self, stream_id: int) -> None:
        how = self._state.closed.get(stream_id)
        if how is None:
            raise broken("the id of a stream goes back")
        if how is not Closing.BY_US:
            raise ConnectionFailed(ErrorCode.STREAM_CLOSED, "HEADERS of a stream that has ended")

    def _end(self, stream: Stream) -> None:
        stream.remote_closed = True
        self._state.settle(stream)


def _within_limit(stream_id: int, headers: HeaderList | None) -> HeaderList:
    """Return headers that are not too large. To clients of gRPC, this code is RESOURCE_EXHAUSTED."""
    if headers is None:
        raise StreamFailed(stream_id, ErrorCode.ENHANCE_YOUR_CALM, "too many headers")
    return headers
