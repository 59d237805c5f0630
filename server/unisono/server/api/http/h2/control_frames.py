"""Takes the frames that carry no requests: settings, pings, windows, resets, and what is of no use."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.calm import Calm
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode, StreamFailed, broken
from unisono.server.api.http.h2.events import PeerGoesAway, PingAnswered
from unisono.server.api.http.h2.frames import ACK, Frame, FrameType
from unisono.server.api.http.h2.settings import LARGEST_WINDOW
from unisono.server.api.http.h2.state import ConnectionState


class ControlFrames:
    """Judges each by the state of its stream and of the connection."""

    __slots__ = ("_calm", "_now", "_state")

    def __init__(self, state: ConnectionState, calm: Calm) -> None:
        self._state: Final = state
        self._calm: Final = calm
        self._now = 0.0

    def take(self, frame: Frame, now: float) -> None:
        """Take a frame that came at a time in seconds. Raises `ConnectionFailed` and `StreamFailed`."""
        self._now = now
        self._HANDLERS.get(frame.type, ControlFrames._on_unknown)(self, frame)

    def _on_priority(self, frame: Frame) -> None:
        if not frame.stream_id:
            raise broken("PRIORITY of no stream")
        if len(frame.payload) != 5:
            raise self._failure(frame, ErrorCode.FRAME_SIZE_ERROR, "a PRIORITY has not five bytes")
        if frames.number(frame.payload) & 0x7FFF_FFFF == frame.stream_id:
            raise self._failure(frame, ErrorCode.PROTOCOL_ERROR, "a stream depends on itself")
        self._calm.useless(self._now)

    def _on_rst_stream(self, frame: Frame) -> None:
        state = self._state
        _check_size(frame, 4)
        self._check_begun(frame)
        stream = state.streams.get(frame.stream_id)
        if stream is not None:
            state.reset_by_peer(stream, frames.number(frame.payload))
        else:
            self._calm.over(self._now)

    def _on_settings(self, frame: Frame) -> None:
        state = self._state
        if frame.stream_id:
            raise broken("SETTINGS of a stream")
        self._calm.useless(self._now)
        if frame.flags & ACK:
            _check_size(frame, 0)
            state.acknowledged()
            return
        grown = state.peer.update(frame.payload)
        for stream in state.streams.values():
            stream.send_window += grown
            if stream.send_window > LARGEST_WINDOW:
                raise ConnectionFailed(ErrorCode.FLOW_CONTROL_ERROR, "the window of a stream is too large")
        state.output.control(frames.SETTINGS_ACK)
        if grown > 0:
            state.output.pump_all()
            state.resumed()

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
        self._calm.ping(self._now, open_streams=bool(state.streams), sending=state.output.sending)
        state.output.sending = False
        state.output.control(frames.ping(frame.payload, ack=True))

    def _on_goaway(self, frame: Frame) -> None:
        if frame.stream_id:
            raise broken("a GOAWAY of a stream")
        if len(frame.payload) < 8:
            raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, "a GOAWAY is cut off")
        self._calm.useless(self._now)
        self._state.events.append(PeerGoesAway(frames.number(frame.payload[4:])))

    def _on_window_update(self, frame: Frame) -> None:
        state = self._state
        _check_size(frame, 4)
        increment = frames.number(frame.payload) & 0x7FFF_FFFF
        if state.output.updates:
            state.output.updates -= 1
        else:
            self._calm.useless(self._now)
        if not frame.stream_id:
            if not increment:
                raise broken("a WINDOW_UPDATE of nothing")
            state.output.widen(increment)
            state.resumed()
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
        state.resumed()

    def _on_unknown(self, frame: Frame) -> None:
        self._calm.useless(self._now)

    def _check_begun(self, frame: Frame) -> None:
        if not frame.stream_id or frame.stream_id % 2 == 0 or frame.stream_id > self._state.last_stream_id:
            raise broken("a frame of a stream that has not begun")

    def _failure(self, frame: Frame, code: ErrorCode, why: str) -> Exception:
        """Return the error of a stream; that of the connection where no such stream has begun."""
        if frame.stream_id > self._state.last_stream_id or frame.stream_id % 2 == 0:
            return ConnectionFailed(code, why)
        return StreamFailed(frame.stream_id, code, why)

    #: One table for all connections, and not one for each: an idle one is to be small.
    _HANDLERS: ClassVar[Mapping[int, Callable[["ControlFrames", Frame], None]]] = {
        FrameType.PRIORITY: _on_priority,
        FrameType.RST_STREAM: _on_rst_stream,
        FrameType.SETTINGS: _on_settings,
        FrameType.PUSH_PROMISE: _on_push_promise,
        FrameType.PING: _on_ping,
        FrameType.GOAWAY: _on_goaway,
        FrameType.WINDOW_UPDATE: _on_window_update,
    }


def _check_size(frame: Frame, size: int) -> None:
    if len(frame.payload) != size:
        raise ConnectionFailed(ErrorCode.FRAME_SIZE_ERROR, f"a frame of type {frame.type} has a wrong size")
