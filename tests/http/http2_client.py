"""A client of HTTP/2 that sends single frames, and sees each that comes."""

import asyncio
from collections.abc import Sequence
from typing import Final

from hpack import Decoder, Encoder

from tests.support.http2 import frames
from tests.support.http2.frames import (
    ACK,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PING,
    SETTINGS,
    Frame,
)
from tests.support.processes import TIMEOUT

_HEAD: Final = ((b":scheme", b"http"), (b":authority", b"test"), (b"te", b"trailers"))


class Http2Client:
    """Acknowledges settings and answers pings as long as it is `polite`.

    `seen` are all frames that came, but those that `until` has passed.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.polite = True
        self.seen: list[Frame] = []
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._decoder = Decoder()

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    def send(self, kind: int, flags: int, stream_id: int, payload: bytes = b"") -> None:
        """Send a frame."""
        self.say(frames.frame(kind, flags, stream_id, payload))

    def ask(self, stream_id: int, path: bytes = b"/", *, method: bytes = b"POST", end: bool = True) -> None:
        """Send the headers of a request."""
        self.say(request(stream_id, path, method=method, end=end))

    async def until(self, kind: int, stream_id: int = 0, *, flags: int = 0) -> Frame:
        """Return the next frame of a kind and a stream with all of these flags.

        Those of the stream before it are passed over.
        """
        async with asyncio.timeout(TIMEOUT):
            while True:
                for frame in [one for one in self.seen if one.stream_id == stream_id]:
                    self.seen.remove(frame)
                    if frame.kind == kind and frame.flags & flags == flags:
                        return frame
                if not await self.receive():
                    raise ConnectionError("the connection was closed")

    async def headers(self, stream_id: int) -> dict[str, str]:
        """Return the next headers of a stream."""
        frame = await self.until(HEADERS, stream_id)
        return {str(name): str(value) for name, value in self._decoder.decode(frame.payload)}

    async def last_streams(self) -> list[int]:
        """Return the last streams that are named by the GOAWAYs until the end of the connection."""
        return [frames.first_number(frame.payload) for frame in await self.rest() if frame.kind == GOAWAY]

    async def rest(self) -> list[Frame]:
        """Wait for the end of the connection, and return the frames until then."""
        async with asyncio.timeout(TIMEOUT):
            while await self.receive():
                pass
        return self.seen

    async def round_trip(self) -> list[Frame]:
        """Send a ping, and return all frames that came before its answer."""
        self.send(PING, 0, 0, b"whatever")
        async with asyncio.timeout(TIMEOUT):
            while not (answers := [one for one in self.seen if one.kind == PING and one.flags & ACK]):
                assert await self.receive()
        before = self.seen[: self.seen.index(answers[0])]
        self.seen.clear()
        return before

    async def receive(self) -> bool:
        """Receive once; return whether the connection is open still."""
        try:
            data = await self._reader.read(65_536)
        except ConnectionError:
            data = b""
        self._buffer += data
        for frame in frames.take_frames(self._buffer):
            self.seen.append(frame)
            if self.polite and frame.kind in (SETTINGS, PING) and not frame.flags & ACK:
                self.send(frame.kind, ACK, 0, frame.payload if frame.kind == PING else b"")
        return bool(data)

    def leave(self) -> None:
        """Close the connection as a client does that has nothing more to say."""
        self._writer.close()

    def close(self) -> None:
        """Close the connection, without a GOAWAY."""
        self._writer.transport.abort()


def request(
    stream_id: int,
    path: bytes = b"/",
    *,
    method: bytes = b"POST",
    end: bool = True,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Return the frame of a request's headers."""
    encoder = Encoder()
    encoder.header_table_size = 0
    block = encoder.encode([(b":method", method), (b":path", path), *_HEAD, *headers])
    return frames.frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream_id, block)
