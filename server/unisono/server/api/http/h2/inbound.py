"""Takes the frames of a client, and judges each by the state of its stream and of the connection."""

from collections.abc import Callable, Mapping
from typing import Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.calm import Calm
from unisono.server.api.http.h2.closed import Closing
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, StreamFailed, broken
from unisono.server.api.http.h2.events import (
    DataReceived,
    PeerGoesAway,
    PingAnswered,
    RequestReceived,
    StreamReset,
)
from unisono.server.api.http.h2.frames import ACK, END_STREAM, Frame, FrameType
from unisono.server.api.http.h2.header_assembly import Block, HeaderAssembly
from unisono.server.api.http.h2.header_blocks import HeaderDecoder
from unisono.server.api.http.h2.requests import Malformed, RequestHead, check_trailers, request_head
from unisono.server.api.http.h2.settings import LARGEST_WINDOW
from unisono.server.api.http.h2.state import ConnectionState
from unisono.server.api.http.h2.stream import Stream


class Inbound:
    """Takes frames one by one; what happened is in `state.events`."""

    def __init__(self, state: ConnectionState) -> None:
        self._state: Final = state
        self._decoder: Final = HeaderDecoder(state.limits.max_header_bytes)
        self._assembly: Final = HeaderAssembly(state.limits.max_header_bytes)
        self._calm: Final = Calm()
        self._now = 0.0
        self._handlers: Final[Mapping[int, Callable[[Frame], None]]] = {
            FrameType.DATA: self._on_data,
            FrameType.HEADERS: self._on_headers,
            FrameType.PRIORITY: self._on_priority,
            FrameType.RST_STREAM: self._on_rst_stream,
            FrameType.SETTINGS: self._on_settings,
            FrameType.PUSH_PROMISE: self._on_push_promise,
            FrameType.PING: self._on_ping,
            FrameType.GOAWAY: self._on_goaway,
            FrameType.WINDOW_UPDATE: self._on_window_update,
            FrameType.CONTINUATION: self._on_continuation,
        }

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame that came at a time in seconds. Raises `ConnectionFailed`.

        What breaks the rules of a stream alone resets that.
        """
        state, self._now = self._state, now
        if not state.greeted:
            if frame.type != FrameType.SETTINGS or frame.flags & ACK:
                raise broken("the first frame is no SETTINGS")
            state.greeted = True
        self._assembly.expects(frame)
        handler = self._handlers.get(frame.type)
        if handler is None:
            return
        try:
            handler(frame)
        except StreamFailed as error:
            known = error.stream_id in state.streams
            state.reset(error.stream_id, error.code)
            if known:
                state.events.append(StreamReset(error.stream_id, error.code))

    def _on_data(self, frame: Frame) -> None:
        state, size = self._state, len(frame.payload)
        if not frame.stream_id:
            raise broken("DATA of no stream")
        data = frames.unpadded(frame)
        state.window.count(size)
        stream = state.streams.get(frame.stream_id)
        if stream is None or stream.remote_closed:
            state.give_back(size)
            state.late(frame.stream_id)
            return
        ended = bool(frame.flags & END_STREAM)
        stream.take(len(data), size, ended=ended)
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
                self._on_trailers(stream, block)
                check_trailers(headers)
                state.events.append(DataReceived(stream_id, b"", 0, True))
                self._end(stream)
            elif stream_id > state.last_stream_id:
                state.last_stream_id = stream_id
                if stream_id <= state.last_taken:
                    self._on_request(block, request_head(headers))
            else:
                self._on_old_stream(stream_id)
        except Malformed as error:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, str(error)) from None

    def _on_request(self, block: Block, head: RequestHead) -> None:
        state, stream_id = self._state, block.stream_id
        if block.self_dependent:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")
        if len(state.streams) >= state.limits.max_streams:
            raise StreamFailed(stream_id, ErrorCode.REFUSED_STREAM, "too many streams")
        if block.ends_stream and head.content_length:
            raise StreamFailed(stream_id, ErrorCode.PROTOCOL_ERROR, "the body is not as long as it says")
        self._calm.active()
        stream = state.begin(stream_id, head.content_length)
        state.events.append(RequestReceived(stream_id, head, block.ends_stream))
        if block.ends_stream:
            self._end(stream)

    def _on_trailers(self, stream: Stream, block: Block) -> None:
        if stream.remote_closed:
            raise StreamFailed(
                stream.stream_id, ErrorCode.STREAM_CLOSED, "HEADERS after the end of its stream"
            )
        if not block.ends_stream or block.self_dependent:
            raise StreamFailed(stream.stream_id, ErrorCode.PROTOCOL_ERROR, "trailers that end nothing")
        stream.take(0, 0, ended=True)

    def _on_old_stream(self, stream_id: int) -> None:
        how = self._state.closed.get(stream_id)
        if how is None:
            raise broken("the id of a stream goes back")
        if how is not Closing.BY_US:
            raise ConnectionFailed(ErrorCode.STREAM_CLOSED, "HEADERS of a stream that has ended")

    def _on_priority(self, frame: Frame) -> None:
        if not frame.stream_id:
            raise broken("PRIORITY of no stream")
        if len(frame.payload) != 5:
            raise self._failure(frame, ErrorCode.FRAME_SIZE_ERROR, "a PRIORITY has not five bytes")
        if frames.number(frame.payload) & 0x7FFF_FFFF == frame.stream_id:
            raise self._failure(frame, ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")

    def _on_rst_stream(self, frame: Frame) -> None:
        state = self._state
        _check_size(frame, 4)
        self._check_begun(frame)
        stream = state.streams.get(frame.stream_id)
        if stream is not None:
            state.reset_by_peer(stream, frames.number(frame.payload))

    def _on_settings(self, frame: Frame) -> None:
        state = self._state
        if frame.stream_id:
            raise broken("SETTINGS of a stream")
        if frame.flags & ACK:
            _check_size(frame, 0)
            state.settings_acknowledged = True
            return
        grown = state.peer.update(frame.payload)
        for stream in state.streams.values():
            stream.send_window += grown
            if stream.send_window > LARGEST_WINDOW:
                raise ConnectionFailed(ErrorCode.FLOW_CONTROL_ERROR, "the window of a stream is too large")
        state.output.control(frames.SETTINGS_ACK)
        if grown > 0:
            state.output.pump_all()

    def _on_push_promise(self, frame: Frame) -> None:
        raise broken("a client cannot push")

    def _on_ping(self, frame: Frame) -> None:
        state = self._state
        _check_size(frame, 8)
        if frame.stream_id:
            raise broken("PING of a stream")
        if frame.flags & ACK:
            state.events.append(PingAnswered(frame.payload))
            return
        self._calm.ping(self._now, open_streams=bool(state.streams))
        state.output.control(frames.ping(frame.payload, ack=True))

    def _on_goaway(self, frame: Frame) -> None:
        if frame.stream_id or len(frame.payload) < 8:
            raise broken("a GOAWAY of a stream, or one that is cut off")
        self._state.events.append(PeerGoesAway(frames.number(frame.payload[4:])))

    def _on_window_update(self, frame: Frame) -> None:
        state = self._state
        _check_size(frame, 4)
        increment = frames.number(frame.payload) & 0x7FFF_FFFF
        if not frame.stream_id:
            if not increment:
                raise broken("a WINDOW_UPDATE of nothing")
            state.output.widen(increment)
            return
        self._check_begun(frame)
        stream = state.streams.get(frame.stream_id)
        if stream is None:
            return
        if not increment:
            raise StreamFailed(frame.stream_id, ErrorCode.PROTOCOL_ERROR, "a WINDOW_UPDATE of nothing")
        stream.send_window += increment
        if stream.send_window > LARGEST_WINDOW:
            raise StreamFailed(frame.stream_id, ErrorCode.FLOW_CONTROL_ERROR, "a window is too large")
        state.output.pump(stream)
        state.settle(stream)

    def _check_begun(self, frame: Frame) -> None:
        if not frame.stream_id or frame.stream_id % 2 == 0 or frame.stream_id > self._state.last_stream_id:
            raise broken("a frame of a stream that has not begun")

    def _failure(self, frame: Frame, code: ErrorCode, why: str) -> Exception:
        """Return the error of a stream; that of the connection where no such stream has begun."""
        if frame.stream_id > self._state.last_stream_id:
            return ConnectionFailed(code, why)
        return StreamFailed(frame.stream_id, code, why)

    def _end(self, stream: Stream) -> None:
        stream.remote_closed = True
        self._state.settle(stream)


def _check_size(frame: Frame, size: int) -> None:
    if len(frame.payload) != size:
        raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, f"a frame of type {frame.type} has a wrong size")
