"""One stream: what was received and sent of it, its windows, and what waits to be sent."""

from unisono.server.api.http.h2.errors import ErrorCode, StreamFailed


class Stream:
    """A stream that is open, or half closed. Its windows may be negative (RFC 9113, section 6.9.2).

    `pending` are bytes that wait for a window; with `finish`, trailers or the end come after them.
    """

    __slots__ = (
        "expected",
        "finish",
        "local_closed",
        "pending",
        "receive_window",
        "received",
        "remote_closed",
        "send_window",
        "stream_id",
        "unreturned",
    )

    def __init__(self, stream_id: int, send_window: int, receive_window: int, expected: int | None) -> None:
        self.stream_id = stream_id
        self.send_window = send_window
        self.receive_window = receive_window
        self.unreturned = 0
        self.expected = expected
        self.received = 0
        self.remote_closed = False
        self.local_closed = False
        self.pending = bytearray()
        self.finish: bytes | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self.pending) or self.finish is not None

    def take(self, size: int, taken: int, *, ended: bool) -> None:
        """Count a part of the body, which took `taken` bytes of the window.

        Raises `StreamFailed` beyond the window, and where the body is not as long as its content-length says.
        """
        self.receive_window -= taken
        # A window may be negative, where our settings made it smaller; what takes nothing of it fits.
        if taken and self.receive_window < 0:
            raise StreamFailed(self.stream_id, ErrorCode.FLOW_CONTROL_ERROR, "more than the window allows")
        self.received += size
        if self.expected is not None and (
            self.received > self.expected or (ended and self.received < self.expected)
        ):
            raise StreamFailed(self.stream_id, ErrorCode.PROTOCOL_ERROR, "the body is not as long as it says")
