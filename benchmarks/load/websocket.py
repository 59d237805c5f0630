"""Devices of Centrifugo on WebSockets (RFC 6455), with its protocol in Protocol Buffers.

Implements only what such a device needs of both.
"""

from collections.abc import Iterator
from typing import Final

from benchmarks.load import protobuf
from benchmarks.load.callers import CallFailed
from benchmarks.load.centrifugo import Feed
from benchmarks.load.peer_connections import PeerConnection

#: The key is what RFC 6455 has as its example: nobody checks that it is another one each time.
_UPGRADE: Final = (
    "GET /connection/websocket?cf_protocol=protobuf HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_HEADERS_END: Final = b"\r\n\r\n"

#: The first byte of a frame that is a whole binary message.
_BINARY: Final = 0x82

#: A client masks what it sends; zeros leave it as it is.
_MASKED: Final = 0x80
_MASK: Final = bytes(4)

#: What a device says to an empty reply, which is a ping: an empty command.
_PONG: Final = bytes([_BINARY, _MASKED | 1]) + _MASK + b"\x00"


class WebSocketDevice(PeerConnection):
    """A device on a WebSocket."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        self._upgraded = False

    async def connect(self, address: str) -> None:
        """See `PeerConnection`. Asks for what was missed."""
        self._upgraded = False
        self._rest = b""
        await super().connect(address)
        await self._request(_UPGRADE.format(address).encode())
        command = protobuf.integer(1, 1) + protobuf.text(4, self._feed.request())
        self._transport.write(_frame(protobuf.varint(len(command)) + command))

    def close(self) -> None:
        """Reset the connection."""
        self._transport.abort()

    def _data_received(self, data: bytes) -> bytes:
        if self._upgraded:
            return self._frames(data)
        head, end, rest = data.partition(_HEADERS_END)
        if not end:
            return data
        if b" 101 " not in head:
            raise CallFailed(f"a WebSocket was not accepted: {head!r}")
        self._upgraded = True
        self._answered(head)
        return self._frames(rest) if rest else rest

    def _frames(self, data: bytes) -> bytes:
        at = 0
        while len(data) - at >= 2:
            start, size = at + 2, data[at + 1]
            if size > 125:
                start += 2 if size == 126 else 8
                size = int.from_bytes(data[at + 2 : start], "big")
            if len(data) < start + size:
                break
            if data[at] != _BINARY:
                raise CallFailed(f"Centrifugo ended a connection: {data[start : start + size]!r}")
            for reply in _replies(data[start : start + size]):
                self._on_reply(reply)
            at = start + size
        return data[at:]

    def _on_reply(self, reply: bytes) -> None:
        if not reply:
            self._transport.write(_PONG)
        for number, value in protobuf.texts(reply):
            if number == 2:
                raise CallFailed(f"Centrifugo refused a connection: {value!r}")
            if number == 4:
                self._feed.on_push(value)
            elif number == 5:
                self._feed.on_connected(value, 6)


def _replies(message: bytes) -> Iterator[bytes]:
    """Yield the replies of a message, each with its size before it."""
    at = 0
    while at < len(message):
        size, at = protobuf.read_varint(message, at)
        yield message[at : at + size]
        at += size


def _frame(data: bytes) -> bytes:
    """Encode a binary message of at most 65,535 bytes."""
    size = len(data)
    length = bytes([_MASKED | size]) if size < 126 else bytes([_MASKED | 126]) + size.to_bytes(2, "big")
    return bytes([_BINARY]) + length + _MASK + data
