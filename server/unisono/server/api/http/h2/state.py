"""What a connection is made of: its streams, its windows, and what both sides said."""

from dataclasses import dataclass
from typing import Final

from unisono.server.api.http.h2 import frames
from unisono.server.api.http.h2.closed import ClosedStreams, Closing
from unisono.server.api.http.h2.errors import ErrorCode, StreamFailed, broken
from unisono.server.api.http.h2.events import Event, StreamReset, WriteResumed
from unisono.server.api.http.h2.output import UPDATES_PER_DATA, Output
from unisono.server.api.http.h2.receive_window import ReceiveWindow
from unisono.server.api.http.h2.settings import WINDOW, PeerSettings
from unisono.server.api.http.h2.stream import Stream

LARGEST_STREAM_ID: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Http2Limits:
    """What a client may take: streams at a time, bytes of a header list, and of bodies not taken yet."""

    max_streams: int = 1000
    max_header_bytes: int = 32 * 1024
    stream_window: int = WINDOW
    connection_window: int = 1024 * 1024


class ConnectionState:
    """The state of one connection. `last_stream_id` is the last one that began, `last_taken` may be taken."""

    __slots__ = (
        "closed",
        "events",
        "greeted",
        "last_stream_id",
        "last_taken",
        "limits",
        "lingering",
        "output",
        "peer",
        "settings_acknowledged",
        "streams",
        "window",
    )

    def __init__(self, limits: Http2Limits) -> None:
        self.limits: Final = limits
        self.peer: Final = PeerSettings()
        self.output: Final = Output(self.peer)
        self.window: Final = ReceiveWindow(limits.connection_window)
        self.streams: Final[dict[int, Stream]] = {}
        self.closed: Final = ClosedStreams()
        self.events: list[Event] = []
        self.last_stream_id = 0
        self.lingering = 0
        self.last_taken = LARGEST_STREAM_ID
        self.greeted = False
        self.settings_acknowledged = False

    @property
    def is_full(self) -> bool:
        """Whether no stream may begin now: a client that resets what it began has no more of them by that."""
        return len(self.streams) + self.lingering >= self.limits.max_streams

    def begin(self, stream_id: int, expected: int | None) -> Stream:
        """Open a stream."""
        # Before it has seen our settings, a client goes by the window that everybody has.
        window = self.limits.stream_window if self.settings_acknowledged else WINDOW
        stream = Stream(stream_id, self.peer.initial_window_size, window, expected)
        self.streams[stream_id] = stream
        self.output.updates += UPDATES_PER_DATA
        return stream

    @property
    def last_handled(self) -> int:
        """The last stream that we may do something for, as a GOAWAY says it: it never goes up again."""
        return min(self.last_stream_id, self.last_taken)

    def settle(self, stream: Stream) -> None:
        """Forget a stream that both sides have ended. What comes of it after our end is refused."""
        if not stream.local_closed:
            return
        if not stream.remote_closed:
            self.output.control(frames.rst_stream(stream.stream_id, ErrorCode.NO_ERROR))
        self._forget(stream, Closing.ENDED if stream.remote_closed else Closing.BY_US)

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """Reset a stream, open or refused."""
        self.output.control(frames.rst_stream(stream_id, code))
        stream = self.streams.get(stream_id)
        if stream is None:
            self.closed.add(stream_id, Closing.BY_US)
        else:
            self._forget(stream, Closing.BY_US)

    def reset_by_peer(self, stream: Stream, code: int) -> None:
        """Forget a stream that the client reset."""
        self._forget(stream, Closing.BY_PEER)
        self.tell_reset(stream.stream_id, code)

    def tell_reset(self, stream_id: int, code: int) -> None:
        """Tell of the end of a stream, which keeps its place until whoever handles it has ended, too."""
        self.lingering += 1
        self.events.append(StreamReset(stream_id, code))

    def resumed(self) -> None:
        """Say which streams went on, as there was room, and forget those that came to their end by it."""
        resumed = self.output.resumed
        if resumed:
            self.output.resumed = {}
            for stream in resumed.values():
                self.events.append(WriteResumed(stream.stream_id))
                self.settle(stream)

    def acknowledged(self) -> None:
        """Know that the client has seen our settings: from now on its windows are as wide as those say."""
        if not self.settings_acknowledged:
            self.settings_acknowledged = True
            for stream in self.streams.values():
                stream.receive_window += self.limits.stream_window - WINDOW

    def late(self, stream_id: int) -> None:
        """Judge a DATA frame of a stream that takes none.

        Raises `ConnectionFailed` for one that never began, `StreamFailed` for one that had ended; one that we
        reset, or do not take any more, is passed over, for the client may not have known.
        """
        if stream_id > self.last_stream_id or stream_id % 2 == 0:
            raise broken("DATA of a stream that has not begun")
        if stream_id > self.last_taken:
            return
        if stream_id in self.streams or self.closed.get(stream_id) is not Closing.BY_US:
            raise StreamFailed(stream_id, ErrorCode.STREAM_CLOSED, "DATA after the end of its stream")

    def give_back(self, size: int) -> None:
        """Let the client send as much again, of all streams together."""
        increment = self.window.give_back(size)
        if increment:
            self.output.control(frames.window_update(0, increment))

    def _forget(self, stream: Stream, how: Closing) -> None:
        self.output.drop(stream)
        self.streams.pop(stream.stream_id, None)
        self.closed.add(stream.stream_id, how)
