"""A connection of HTTP/2, the server's side: bytes go in and come out, and events say what happened."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.errors import ConnectionFailed, ErrorCode
from unisono.server.api.http.h2.events import Event
from unisono.server.api.http.h2.frames import FrameReader
from unisono.server.api.http.h2.header_blocks import encode
from unisono.server.api.http.h2.inbound import Inbound
from unisono.server.api.http.h2.requests import Header
from unisono.server.api.http.h2.settings import WINDOW, Setting
from unisono.server.api.http.h2.state import ConnectionState, Http2Limits
from unisono.server.api.http.h2.stream import Stream

FRAMES_PER_TURN: Final = 256
"""Frames that are taken at once: more than a client in a hurry has under way, and a few milliseconds."""


class Connection:
    """One connection. Nothing is sent by itself: `take_output` returns the bytes for the socket.

    Streams are named by their ids. What is done to a stream that has ended meanwhile does nothing. Once
    `error` is set, nothing more is taken: what is left is to be sent, and the socket to be closed.
    """

    __slots__ = ("_inbound", "_reader", "_state", "error", "has_more", "turn")

    def __init__(self, limits: Http2Limits = Http2Limits()) -> None:  # noqa: B008
        self._state: Final = ConnectionState(limits)
        self._reader: Final = FrameReader()
        self._inbound: Final = Inbound(self._state)
        self.error: ConnectionFailed | None = None
        self.turn = 0
        self.has_more = False
        self._state.output.control(
            frames.settings(
                {
                    Setting.MAX_CONCURRENT_STREAMS: limits.max_streams,
                    Setting.INITIAL_WINDOW_SIZE: limits.stream_window,
                    Setting.MAX_HEADER_LIST_SIZE: limits.max_header_bytes,
                }
            )
        )
        if limits.connection_window > WINDOW:
            self._state.output.control(frames.window_update(0, limits.connection_window - WINDOW))

    @property
    def open_streams(self) -> int:
        """How many streams are open."""
        return len(self._state.streams)

    @property
    def is_greeted(self) -> bool:
        """Whether the client has sent its preface and its settings."""
        return self._state.greeted

    @property
    def settings_acknowledged(self) -> bool:
        """Whether the client has seen our settings."""
        return self._state.settings_acknowledged

    @property
    def unfinished(self) -> int | None:
        """The number of the frame or header block that has begun to come, and not ended; None for none."""
        inbound, is_within_frame = self._inbound, self._reader.is_within_frame and not self.has_more
        return inbound.taken if is_within_frame or inbound.is_within_block else None

    @property
    def kept(self) -> int:
        """How many bytes have come and were not taken yet."""
        return self._reader.kept

    def receive(self, data: bytes, now: float, most: int = FRAMES_PER_TURN) -> Sequence[Event]:
        """Take bytes that came at a time in seconds, and return what happened.

        A turn takes `most` frames at most. It took `turn` of them, and where it left some, `has_more` is set:
        call it again then, without bytes. A client that breaks the rules is told by a GOAWAY, and `error` is
        set.
        """
        self.turn, self.has_more = 0, False
        if self.error is None:
            try:
                self._take(data, now, most)
            except ConnectionFailed as error:
                self.fail(error)
        return self._happened()

    def keep(self, data: bytes) -> None:
        """Keep bytes that came while it is not this client's turn."""
        self._reader.keep(data)

    def fail(self, error: ConnectionFailed) -> None:
        """End the connection with a GOAWAY."""
        self.error = error
        self._state.output.control(frames.goaway(self._state.last_handled, error.code, error.why))

    def take_output(self) -> bytes:
        """Return what is to be sent now, and forget it."""
        return self._state.output.take()

    @property
    def output_size(self) -> int:
        """How many bytes `take_output` has now."""
        return self._state.output.size

    def waiting(self, stream_id: int) -> int:
        """Return how many bytes of a stream's body wait for a window or for the socket."""
        stream = self._state.streams.get(stream_id)
        return len(stream.pending) if stream is not None else 0

    def send_headers(self, stream_id: int, headers: tuple[Header, ...], *, end_stream: bool = False) -> None:
        """Send the headers of a response."""
        stream = self._open(stream_id)
        if stream is not None:
            self._state.output.headers(stream, encode(headers), end_stream=end_stream)
            self._state.settle(stream)

    def send_data(self, stream_id: int, data: bytes) -> None:
        """Send a part of a body, now or when there is room for it: see `waiting`."""
        stream = self._open(stream_id)
        if stream is not None and data:
            self._state.output.data(stream, data)
            self._state.output.resumed.clear()

    def finish(self, stream_id: int, trailers: tuple[Header, ...] = ()) -> None:
        """End a response, after what waits. A body of the request that goes on is refused from then on."""
        stream = self._open(stream_id)
        if stream is not None:
            self._state.output.finish(stream, encode(trailers) if trailers else b"")
            self._state.settle(stream)

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End a stream at once; what waits of it is dropped."""
        if stream_id in self._state.streams:
            self._state.reset(stream_id, code)

    def give_back(self, stream_id: int, taken: int) -> None:
        """Let the client send as many bytes again, since those of a `DataReceived` were taken."""
        state = self._state
        state.give_back(taken)
        stream = state.streams.get(stream_id)
        if stream is None or stream.remote_closed:
            return
        stream.unreturned += taken
        if 2 * stream.unreturned >= state.limits.stream_window:
            state.output.control(frames.window_update(stream_id, stream.unreturned))
            stream.receive_window += stream.unreturned
            stream.unreturned = 0

    def lingered(self) -> None:
        """Let another stream begin in place of one that was reset: nobody handles it any more."""
        self._state.lingering -= 1

    def ping(self, payload: bytes) -> None:
        """Send a ping of eight bytes; `PingAnswered` has them again."""
        self._state.output.control(frames.ping(payload))

    def announce_end(self) -> None:
        """Tell the client to begin no more streams, while those that it has begun are taken still."""
        self._state.output.control(frames.goaway(self._state.last_taken, ErrorCode.NO_ERROR))

    def end(self, why: str = "") -> None:
        """Take no more streams, and tell the client which was the last."""
        state = self._state
        state.last_taken = state.last_handled
        state.output.control(frames.goaway(state.last_taken, ErrorCode.NO_ERROR, why))

    def pause(self) -> None:
        """Hold bodies back: the socket takes no more."""
        self._state.output.pause()

    def resume(self) -> Sequence[Event]:
        """Go on, as the socket takes more; return which streams went on."""
        self._state.output.resume()
        self._state.resumed()
        return self._happened()

    def _take(self, data: bytes, now: float, most: int) -> None:
        with closing(self._reader.feed(data)) as found:
            for frame in found:
                self.turn += 1
                self._inbound.take(frame, now)
                if self.turn == most:
                    break
        self.has_more = self.turn == most and self._reader.is_within_frame

    def _open(self, stream_id: int) -> Stream | None:
        """Return a stream of which more may be sent."""
        stream = self._state.streams.get(stream_id)
        return None if stream is None or stream.local_closed or stream.finish is not None else stream

    def _happened(self) -> Sequence[Event]:
        events, self._state.events = self._state.events, []
        return events
