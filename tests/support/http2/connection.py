"""A client's HTTP/2 connection without a library: thousands fit on one core, and it can misbehave."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Mapping
from typing import Final, Protocol, Self, cast

from hpack import Decoder

from tests.support.http2 import frames
from tests.support.http2.call import Call, framed, request_headers
from tests.support.http2.outgoing import Outgoing


class Answering(Protocol):
    """What takes the answer to one request; `Call` is one."""

    def begin(self, headers: Mapping[str, str]) -> None:
        """Take the headers before the body."""
        ...

    def take(self, data: bytes) -> None:
        """Take a part of the body."""
        ...

    def close(self, trailers: Mapping[str, str]) -> None:
        """End with the last headers: all of them where there is no body, none where there are no trailers."""
        ...

    def reset(self, error: int) -> None:
        """End because the peer reset the stream with this error code."""
        ...

    def lose(self) -> None:
        """End because the connection is lost."""
        ...


#: From how many bytes on a peer is told that they were read.
_READ: Final = frames.WINDOW // 2

#: Close a socket without a word to the peer but a reset (socket(7), SO_LINGER).
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Connection(asyncio.Protocol):
    """A connection that makes calls, and answers pings unless `answers_pings` is false.

    Without `reads` it makes no room for more data: once `full` is set, the peer has to wait. `closed` is set
    when the connection has ended.
    """

    def __init__(self, address: str, *, reads: bool = True) -> None:
        self.reads = reads
        self.answers_pings = True
        self.full = asyncio.Event()
        self.closed = asyncio.Event()
        self.authority = address
        self._scheme = "http"
        self._transport: asyncio.Transport
        self._outgoing: Outgoing
        self._buffer = bytearray()
        self._received = 0
        self._decoder = Decoder()
        self._calls: dict[int, Answering] = {}
        self._unread: dict[int, int] = {}
        self._next_id = 1
        #: Nothing can be asked any more.
        self.is_ending = False

    @classmethod
    async def open(
        cls,
        address: str,
        *,
        reads: bool = True,
        tls: ssl.SSLContext | None = None,
        source: str | None = None,
    ) -> Self:
        """Connect to HOST:PORT, in the clear without a context; from a local address if `source` names one.

        Raises `OSError`.
        """
        host, port = address.rsplit(":", 1)
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(address, reads=reads),
            host,
            int(port),
            ssl=tls,
            local_addr=None if source is None else (source, 0),
        )
        return connection

    @property
    def server_certificate(self) -> bytes | None:
        """Return the certificate that the server has shown, in DER; None in the clear."""
        tls = self._transport.get_extra_info("ssl_object")
        return None if tls is None else cast("ssl.SSLObject", tls).getpeercert(binary_form=True)

    def ask(self, path: str, token: str, body: bytes, call: Call) -> int:
        """Begin a call, and return the number of its stream. The call is lost if the connection is ending."""
        headers = request_headers(path, self.authority, token, self._scheme)
        return self.send(headers, framed(body), call)

    def send(self, headers: bytes, body: bytes, answering: Answering) -> int:
        """Send a request with this block of headers, and return the number of its stream.

        It is lost if the connection is ending.
        """
        stream_id, self._next_id = self._next_id, self._next_id + 2
        if self.is_ending:
            answering.lose()
            return stream_id
        self._calls[stream_id] = answering
        self._outgoing.send(stream_id, frames.header_frames(stream_id, headers, last=not body), body)
        return stream_id

    def cancel(self, stream_id: int) -> None:
        """Reset a stream; its call gets no more messages, and no status."""
        if self._calls.pop(stream_id, None) is not None:
            self._outgoing.forget(stream_id)
            self._transport.write(frames.given_up(stream_id))

    def close(self) -> None:
        """Send GOAWAY, and close the connection."""
        self._transport.write(frames.farewell())
        self._transport.close()

    def abort(self) -> None:
        """Close the connection with a TCP reset, as when a process is killed."""
        wire = self._transport.get_extra_info("socket")
        if not self._transport.is_closing():
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def fall_silent(self) -> None:
        """Read nothing more, and answer no pings, as when a cable was pulled."""
        self.answers_pings = False
        self._transport.pause_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        if transport.get_extra_info("ssl_object") is not None:
            self._scheme = "https"
        self._outgoing = Outgoing(self._transport.write)
        self._transport.write(frames.greeting())

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._buffer += data
        for frame in frames.take_frames(self._buffer):
            self._take(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self.is_ending = True
        calls = list(self._calls.values())
        self._calls.clear()
        for call in calls:
            call.lose()
        self.closed.set()

    def _take(self, frame: frames.Frame) -> None:
        match frame.kind:
            case frames.DATA:
                self._take_data(frame)
            case frames.HEADERS:
                self._take_headers(frame)
            case frames.RST_STREAM:
                self._take_reset(frame)
            case frames.WINDOW_UPDATE:
                self._outgoing.more_room(frame.stream_id, frames.first_number(frame.payload))
            case frames.SETTINGS if not frame.flags & frames.ACK:
                self._outgoing.set(frame.payload)
                self._transport.write(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
            case frames.PING if self.answers_pings and not frame.flags & frames.ACK:
                self._transport.write(frames.frame(frames.PING, frames.ACK, 0, frame.payload))
            case frames.GOAWAY:
                self._take_goaway(frame)

    def _take_data(self, frame: frames.Frame) -> None:
        self._received += len(frame.payload)
        call = self._calls.get(frame.stream_id)
        if call is not None:
            call.take(frame.payload)
            if frame.flags & frames.END_STREAM:
                self._end(frame.stream_id, {})
        if self.reads:
            self._make_room(0, len(frame.payload))
            self._make_room(frame.stream_id, len(frame.payload))
        elif self._received >= frames.WINDOW:
            self.full.set()

    def _take_headers(self, frame: frames.Frame) -> None:
        # All are decoded, also those of calls that were given up: they change the table.
        headers = {str(name): str(value) for name, value in self._decoder.decode(frame.payload)}
        if frame.flags & frames.END_STREAM:
            self._end(frame.stream_id, headers)
        elif call := self._calls.get(frame.stream_id):
            call.begin(headers)

    def _end(self, stream_id: int, headers: Mapping[str, str]) -> None:
        self._outgoing.forget(stream_id)
        if call := self._calls.pop(stream_id, None):
            call.close(headers)

    def _take_reset(self, frame: frames.Frame) -> None:
        self._outgoing.forget(frame.stream_id)
        if call := self._calls.pop(frame.stream_id, None):
            call.reset(frames.first_number(frame.payload))

    def _take_goaway(self, frame: frames.Frame) -> None:
        """End the calls after the last one that the peer processes (RFC 9113, section 6.8)."""
        self.is_ending = True
        last = frames.first_number(frame.payload)
        for stream_id in [stream_id for stream_id in self._calls if stream_id > last]:
            self._calls.pop(stream_id).lose()

    def _make_room(self, stream_id: int, size: int) -> None:
        unread = self._unread.get(stream_id, 0) + size
        if unread >= _READ:
            self._transport.write(frames.more_room(stream_id, unread))
            unread = 0
        self._unread[stream_id] = unread
