"""An HTTP/2 connection for attacks: it sends any bytes, such as nothing, half frames, or too much.

It keeps to flow control, since no server has to hold more than it allowed itself.
"""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from hpack import Decoder

from tests.support.http2 import frames
from tests.support.http2.call import framed, request_headers
from tests.support.http2.trust import trusting

#: The headers that ended a stream.
Ending = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect: `address` is HOST:PORT, `source` the local address to connect from.

    `root` is the file with the root of the server's certificate; without one, the connection is in the clear.
    """

    address: str
    source: str = "127.0.0.1"
    root: str = ""

    def context(self) -> ssl.SSLContext | None:
        """Return a TLS context that chooses HTTP/2 by ALPN, as gRPC needs it; None without a root."""
        return trusting(Path(self.root).read_bytes()) if self.root else None


class Stranger(asyncio.Protocol):
    """Sends what a test asks for, and answers settings and pings by itself.

    `ended` has the last headers of each stream that the peer ended, none for one that was reset.
    """

    def __init__(self, target: Target) -> None:
        self.closed = asyncio.Event()
        self.ended: dict[int, Ending] = {}
        self._authority = target.address
        self._transport: asyncio.Transport
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._buffer = bytearray()
        self._decoder = Decoder()
        self._next_id = 1
        self._initial = self._room = frames.WINDOW
        self._spent: dict[int, int] = {}

    @classmethod
    async def open(cls, target: Target, *, greets: bool = True) -> Self:
        """Connect, and unless `greets` is false send the preface and settings. Raises `OSError`."""
        host, port = target.address.rsplit(":", 1)
        _, stranger = await asyncio.get_running_loop().create_connection(
            lambda: cls(target), host, int(port), ssl=target.context(), local_addr=(target.source, 0)
        )
        if greets:
            stranger.say(frames.greeting())
        return stranger

    def say(self, data: bytes) -> None:
        """Write these bytes, unless the connection is closed."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait until not much is left to be written, or the connection is closed."""
        await asyncio.sleep(0)
        await self._writable.wait()

    def ask(self, path: str, token: str = "") -> int:
        """Send the headers of a request, and return the number of its stream."""
        stream_id, self._next_id = self._next_id, self._next_id + 2
        block = request_headers(path, self._authority, token)
        self.say(frames.frame(frames.HEADERS, frames.END_HEADERS, stream_id, block))
        return stream_id

    async def pour(self, stream_id: int, data: bytes, *, end: bool = False) -> None:
        """Send data of a body as the peer makes room, until the stream or connection ends."""
        sent = 0
        while sent < len(data) and not self._over(stream_id):
            part = data[sent : sent + min(frames.LARGEST, await self._room_for(stream_id))]
            sent += len(part)
            self._room -= len(part)
            self._spent[stream_id] = self._spent.get(stream_id, 0) + len(part)
            last = end and sent == len(data)
            self.say(frames.frame(frames.DATA, frames.END_STREAM if last else 0, stream_id, part))
            await self.drained()

    async def call(self, path: str, token: str, body: bytes) -> Ending:
        """Make a whole call, and return its last headers. Raises `ConnectionError` as `until_ended` does."""
        stream_id = self.ask(path, token)
        await self.pour(stream_id, framed(body), end=True)
        return await self.until_ended(stream_id)

    async def until_ended(self, stream_id: int) -> Ending:
        """Wait until the peer ends a stream. Raises `ConnectionError` if the connection is closed before."""
        while not self._over(stream_id):
            await self._change()
        if stream_id not in self.ended:
            raise ConnectionError("the connection was closed")
        return self.ended[stream_id]

    def abort(self) -> None:
        """Close the connection at once, without a GOAWAY."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._buffer += data
        for frame in frames.take_frames(self._buffer):
            self._take(frame)
        self._changed.set()

    def pause_writing(self) -> None:
        """See asyncio."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self.closed.set()
        self._writable.set()
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _room_for(self, stream_id: int) -> int:
        """Wait until there is room, and return its bytes; 0 when the stream or connection has ended."""
        while not self._over(stream_id):
            room = min(self._room, self._initial - self._spent.get(stream_id, 0))
            if room > 0:
                return room
            await self._change()
        return 0

    def _over(self, stream_id: int) -> bool:
        return stream_id in self.ended or self.closed.is_set()

    def _take(self, frame: frames.Frame) -> None:
        match frame.kind:
            case frames.HEADERS:
                headers = {str(name): str(value) for name, value in self._decoder.decode(frame.payload)}
                if frame.flags & frames.END_STREAM:
                    self.ended[frame.stream_id] = headers
            case frames.RST_STREAM:
                self.ended.setdefault(frame.stream_id, {})
            case frames.SETTINGS if not frame.flags & frames.ACK:
                self._initial = frames.initial_window(frame.payload, self._initial)
                self.say(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
            case frames.WINDOW_UPDATE:
                self._make_room(frame.stream_id, frames.first_number(frame.payload))
            case frames.PING if not frame.flags & frames.ACK:
                self.say(frames.frame(frames.PING, frames.ACK, 0, frame.payload))

    def _make_room(self, stream_id: int, size: int) -> None:
        if stream_id:
            self._spent[stream_id] = self._spent.get(stream_id, 0) - size
        else:
            self._room += size
