"""A subscriber that speaks HTTP/2 without a gRPC library, so that it can behave as no library does."""

import asyncio
import struct
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.settings

from tests.support.nodes import Running
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

_FRAME = struct.Struct(">?I")

#: Bytes that a server may send of a stream before there is room for more (RFC 9113, section 6.9.2).
_WINDOW = 65_535


class RawSubscriber:
    """One connection with one stream. `messages` are those received.

    Pings are answered while `listen` runs. Only with `read` it makes room for more data: without, the
    server may send 65,535 bytes (RFC 9113, section 6.9.2) and then has to wait.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self._received = b""
        self._unread = 0
        self.messages: list[pb.SubscribeResponse] = []

    @classmethod
    async def subscribe(cls, node: Running, token: str, endpoint_id: str) -> Self:
        """Connect to a node, and subscribe."""
        host, port = node.target.split(":")
        # A small buffer, so that it is the server that holds what is not read.
        reader, writer = await asyncio.open_connection(host, int(port), limit=64 * 1024)
        subscriber = cls(reader, writer)
        await subscriber._ask(node.target, token, endpoint_id)
        return subscriber

    async def listen(self, *, read: bool, until: int | None = None) -> None:
        """Receive until there are `until` messages in all, or the connection ends."""
        while until is None or len(self.messages) < until:
            if not await self._frames():
                self.abort()
                return
            if read and self._unread:
                self._h2.acknowledge_received_data(self._unread, 1)
                self._unread = 0
                await self._flush()

    async def fill(self) -> None:
        """Receive, without making room, until the server may send no more."""
        while self._unread < _WINDOW:
            assert await self._frames()

    async def _frames(self) -> bool:
        """Take what comes next, and answer pings; False at the end of the connection."""
        data = await self._reader.read(64 * 1024)
        for event in self._h2.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                self._take(event)
        await self._flush()
        return bool(data)

    async def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()

    async def ended(self) -> None:
        """Wait until the server closes the connection, without answering anything."""
        while await self._reader.read(64 * 1024):
            pass
        self.abort()

    def abort(self) -> None:
        """Close the connection at once, without a GOAWAY."""
        self._writer.transport.abort()

    async def _ask(self, target: str, token: str, endpoint_id: str) -> None:
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/unisono.v1.FeedService/Subscribe"),
            (":authority", target),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("authorization", f"Bearer {token}"),
        ]
        body = pb.SubscribeRequest(
            endpoint_id=endpoint_id, platform=notification_pb2.DEVICE_PLATFORM_LINUX
        ).SerializeToString()
        self._h2.initiate_connection()
        self._h2.send_headers(1, headers)
        self._h2.send_data(1, _FRAME.pack(False, len(body)) + body, end_stream=True)
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()

    def _take(self, event: h2.events.DataReceived) -> None:
        self._received += event.data or b""
        self._unread += event.flow_controlled_length
        while len(self._received) >= _FRAME.size:
            _, length = _FRAME.unpack_from(self._received)
            message = self._received[_FRAME.size : _FRAME.size + length]
            if len(message) < length:
                return
            self.messages.append(pb.SubscribeResponse.FromString(message))
            self._received = self._received[_FRAME.size + length :]
