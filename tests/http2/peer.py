"""A client of HTTP/2 that sends any frame, and a connection without a socket before it."""

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from hpack import Decoder, Encoder

from unisono.server.api.http.h2.connection import Connection
from unisono.server.api.http.h2.events import Event
from unisono.server.api.http.h2.state import Http2Limits

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    range(10)
)
UNKNOWN: Final = 0xFA

END_STREAM = ACK = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
WITH_PRIORITY: Final = 0x20

NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED = range(6)
FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = range(6, 10)
ENHANCE_YOUR_CALM: Final = 0xB

REQUEST: Final = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/unisono.Test/Method"),
    (b":authority", b"unisono.example"),
)
RESPONSE: Final = ((b":status", b"200"), (b"content-type", b"text/plain"))

Fields = Sequence[tuple[bytes, bytes]]


class Sent(NamedTuple):
    """A frame of the server."""

    type: int
    flags: int
    stream_id: int
    payload: bytes

    @property
    def ended(self) -> bool:
        """Whether it ends its stream."""
        return self.type in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    @property
    def number(self) -> int:
        """The code of a reset, or the increment of a window."""
        return int.from_bytes(self.payload[:4], "big")

    @property
    def goaway(self) -> tuple[int, int]:
        """The last stream and the code of a GOAWAY."""
        last, code = struct.unpack(">II", self.payload[:8])
        return last, code


def frame(kind: int, flags: int = 0, stream_id: int = 0, payload: bytes = b"") -> bytes:
    """Return the bytes of a frame, whatever it is."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream_id) + payload


def settings(values: dict[int, int]) -> bytes:
    """Return a SETTINGS frame."""
    return frame(
        SETTINGS, payload=b"".join(struct.pack(">HI", name, value) for name, value in values.items())
    )


def window_update(stream_id: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE frame."""
    return frame(WINDOW_UPDATE, 0, stream_id, struct.pack(">I", increment))


def rst_stream(stream_id: int, code: int = CANCEL) -> bytes:
    """Return an RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream_id, struct.pack(">I", code))


def split(data: bytes) -> tuple[list[Sent], bytes]:
    """Return the frames in some bytes, and the rest."""
    found = []
    while len(data) >= 9 and len(data) >= 9 + (size := int.from_bytes(data[:3], "big")):
        stream_id = int.from_bytes(data[5:9], "big")
        found.append(Sent(data[3], data[4], stream_id, data[9 : 9 + size]))
        data = data[9 + size :]
    return found, data


class Peer:
    """A client, and the connection that it speaks to; `now` is the time, in seconds."""

    def __init__(
        self, limits: Http2Limits | None = None, *, greeted: bool = True, own: dict[int, int] | None = None
    ) -> None:
        self.connection: Final = Connection(limits or Http2Limits())
        self.encoder: Final = Encoder()
        self.decoder: Final = Decoder()
        self.now = 0.0
        self._rest = b""
        if greeted:
            self.send(PREFACE + settings(own or {}), frame(SETTINGS, ACK))
            self.sent()

    def send(self, *data: bytes) -> list[Event]:
        """Send bytes, and return what happened."""
        events = list(self.connection.receive(b"".join(data), self.now))
        while self.connection.has_more:
            events += self.connection.receive(b"", self.now)
        return events

    def request(
        self, stream_id: int = 1, fields: Fields = REQUEST, *, end: bool = False, flags: int = END_HEADERS
    ) -> list[Event]:
        """Send the headers of a request, or trailers."""
        return self.send(self.headers(stream_id, fields, end=end, flags=flags))

    def headers(
        self, stream_id: int = 1, fields: Fields = REQUEST, *, end: bool = False, flags: int = END_HEADERS
    ) -> bytes:
        """Return a HEADERS frame."""
        flags |= END_STREAM if end else 0
        return frame(HEADERS, flags, stream_id, self.encoder.encode(list(fields)))

    def data(self, payload: bytes, stream_id: int = 1, *, end: bool = False, flags: int = 0) -> list[Event]:
        """Send a DATA frame."""
        return self.send(frame(DATA, flags | (END_STREAM if end else 0), stream_id, payload))

    def sent(self) -> list[Sent]:
        """Return what the server has sent since the last time."""
        found, self._rest = split(self._rest + self.connection.take_output())
        return found

    def body(self, sent: list[Sent], stream_id: int = 1) -> bytes:
        """Return the data of a stream among what was sent."""
        return b"".join(one.payload for one in sent if one.type == DATA and one.stream_id == stream_id)

    def fields(self, sent: Sent) -> list[tuple[bytes, bytes]]:
        """Return the headers of a block."""
        return [(bytes(name), bytes(value)) for name, value in self.decoder.decode(sent.payload, raw=True)]

    def error(self) -> int | None:
        """Return the code with which the connection ended, None while it has not."""
        return None if self.connection.error is None else int(self.connection.error.code)


def resets(sent: list[Sent]) -> list[tuple[int, int]]:
    """Return which streams were reset, and by which code."""
    return [(one.stream_id, one.number) for one in sent if one.type == RST_STREAM]


def widened(sent: list[Sent], stream_id: int) -> int:
    """Return by how much a window was widened."""
    return sum(one.number for one in sent if one.type == WINDOW_UPDATE and one.stream_id == stream_id)


WINDOW = 0x4
TRAILERS = ((b"grpc-status", b"0"),)


def responding(*, window: int = 65_535, streams: int = 1, end: bool = True) -> Peer:
    peer = Peer(own={WINDOW: window})
    for number in range(streams):
        peer.request(2 * number + 1, end=end)
        peer.connection.send_headers(2 * number + 1, RESPONSE)
    peer.sent()
    return peer
