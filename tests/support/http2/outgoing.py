"""Sends the bodies of requests as far as the peer's flow control allows (RFC 9113, section 5.2)."""

from collections.abc import Callable

from tests.support.http2 import frames


class Outgoing:
    """The requests that are still to be sent on one connection; `write` sends bytes."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        #: Room on the connection, on a new stream, and on each stream whose body waits.
        self._room = self._initial = frames.WINDOW
        self._rooms: dict[int, int] = {}
        self._rests: dict[int, bytes] = {}

    def send(self, stream_id: int, headers: bytes, body: bytes) -> None:
        """Send the headers of a request at once, and its body, if it has one, when there is room."""
        if not self._rests and len(body) <= min(self._room, self._initial):
            self._room -= len(body)
            self._write(headers + _data(stream_id, body, last=True))
            return
        self._write(headers)
        if not body:
            return
        self._rooms[stream_id], self._rests[stream_id] = self._initial, body
        self._go_on()

    def more_room(self, stream_id: int, size: int) -> None:
        """Handle a WINDOW_UPDATE of the peer for a stream, or with 0 for the connection."""
        if not stream_id:
            self._room += size
        elif stream_id in self._rooms:
            self._rooms[stream_id] += size
        self._go_on()

    def set(self, settings: bytes) -> None:
        """Handle settings of the peer."""
        before, self._initial = self._initial, frames.initial_window(settings, self._initial)
        grown = self._initial - before
        self._rooms = {stream_id: room + grown for stream_id, room in self._rooms.items()}
        self._go_on()

    def forget(self, stream_id: int) -> None:
        """Drop the rest of a body, because its stream has ended."""
        self._rooms.pop(stream_id, None)
        self._rests.pop(stream_id, None)

    def _go_on(self) -> None:
        for stream_id, rest in list(self._rests.items()):
            size = max(0, min(len(rest), self._room, self._rooms[stream_id]))
            if not size:
                continue
            self._room -= size
            self._rooms[stream_id] -= size
            last = size == len(rest)
            self._write(_data(stream_id, rest[:size], last=last))
            self._rests[stream_id] = rest[size:]
            if last:
                self.forget(stream_id)


def _data(stream_id: int, body: bytes, *, last: bool) -> bytes:
    """Return the frames of a part of a body; `last` if nothing follows."""
    found: list[bytes] = []
    for start in range(0, len(body), frames.LARGEST):
        ends = last and start + frames.LARGEST >= len(body)
        part = body[start : start + frames.LARGEST]
        found.append(frames.frame(frames.DATA, frames.END_STREAM if ends else 0, stream_id, part))
    return b"".join(found)
