"""Judges what a server sends: within the windows that its client gave, and nothing after an end."""

from tests.http2.peer import (
    ACK,
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Sent,
    split,
)

INITIAL_WINDOW = 0x4


class OutputJudge:
    """Knows what the client has sent, and of which streams the server may still send.

    `room` is how many bytes of bodies the client may send, of all streams together.
    """

    def __init__(self, receive_window: int) -> None:
        self._window = 65_535
        self._initial = 65_535
        self._windows: dict[int, int] = {}
        self._rest = b""
        self._settings = 0
        self._pings = 0
        self._last = 2**31 - 1
        self.room = receive_window
        self._most_room = receive_window

    def client_sent(self, data: bytes) -> None:
        """Take over what the client says of its windows, and what it takes of the server's."""
        frames, self._rest = split(self._rest + data)
        for one in frames:
            if one.type == SETTINGS and not one.flags & ACK:
                self._settings += 1
                self._set(one.payload)
            elif one.type == PING and not one.flags & ACK:
                self._pings += 1
            elif one.type == WINDOW_UPDATE and one.stream_id == 0:
                self._window += one.number & 0x7FFF_FFFF
            elif one.type == WINDOW_UPDATE and one.stream_id in self._windows:
                self._windows[one.stream_id] += one.number & 0x7FFF_FFFF
            elif one.type == DATA:
                self.room -= len(one.payload)

    def began(self, stream_id: int) -> None:
        """Know of a stream that the server has taken."""
        self._windows[stream_id] = self._initial

    def over(self, stream_id: int) -> None:
        """Know that the client has ended a stream before its time."""
        self._windows.pop(stream_id, None)

    def server_sent(self, sent: list[Sent]) -> None:
        """Judge what the server has sent."""
        for one in sent:
            assert len(one.payload) <= 16_384
            if one.type in (DATA, HEADERS):
                self._of_a_stream(one)
            elif one.type == RST_STREAM:
                self._windows.pop(one.stream_id, None)
            elif one.type == SETTINGS:
                assert one.flags & ACK
                self._settings -= 1
                assert self._settings >= 0
            elif one.type == PING and one.flags & ACK:
                self._pings -= 1
                assert self._pings >= 0
            elif one.type == WINDOW_UPDATE:
                self._widened(one)
            elif one.type == GOAWAY:
                assert one.goaway[0] <= self._last
                self._last = one.goaway[0]
            else:
                assert one.type in (CONTINUATION, PING)

    def _of_a_stream(self, one: Sent) -> None:
        assert one.stream_id in self._windows, "a frame of a stream that is over"
        if one.type == DATA and one.payload:
            self._windows[one.stream_id] -= len(one.payload)
            self._window -= len(one.payload)
            assert self._windows[one.stream_id] >= 0
            assert self._window >= 0
        if one.ended:
            del self._windows[one.stream_id]

    def _widened(self, one: Sent) -> None:
        assert one.number > 0
        if one.stream_id == 0:
            self.room += one.number
            assert self.room <= self._most_room, "more room than there is"

    def _set(self, payload: bytes) -> None:
        for at in range(0, len(payload) - len(payload) % 6, 6):
            name, value = (
                int.from_bytes(payload[at : at + 2], "big"),
                int.from_bytes(payload[at + 2 : at + 6], "big"),
            )
            if name == INITIAL_WINDOW:
                for stream_id in self._windows:
                    self._windows[stream_id] += value - self._initial
                self._initial = value
