"""Connections to peers that do not speak gRPC; subclasses implement their protocols."""

import asyncio
from collections.abc import Sequence
from typing import Final, cast

from benchmarks.load.callers import CallFailed

#: The buffer into which all connections read: a new one for each read takes longer.
_READ: Final = memoryview(bytearray(1 << 16))


class PeerConnection(asyncio.BufferedProtocol):
    """A connection to a peer.

    Subclasses implement `_data_received`, which parses what was read, and returns the incomplete rest. One
    request at a time may wait for its answer.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._rest = b""
        self._waiting: asyncio.Future[bytes] | None = None
        self._closed = asyncio.Event()

    async def connect(self, address: str) -> None:
        """Connect to HOST:PORT, with the handshake of the protocol; raises OSError and CallFailed."""
        host, port = address.rsplit(":", 1)
        await asyncio.get_running_loop().create_connection(lambda: self, host, int(port))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See `asyncio.BufferedProtocol`."""
        return _READ

    def buffer_updated(self, nbytes: int) -> None:
        """See `asyncio.BufferedProtocol`."""
        data = bytes(_READ[:nbytes])
        self._rest = self._data_received(self._rest + data if self._rest else data)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BufferedProtocol`."""
        self._closed.set()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(CallFailed("a peer closed the connection"))

    def _data_received(self, data: bytes) -> bytes:
        raise NotImplementedError

    async def _request(self, data: bytes) -> bytes:
        """Write a request and return the answer to it. Raises CallFailed when the peer closes."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._waiting

    def _answered(self, answer: bytes) -> None:
        if self._waiting is None:
            raise CallFailed("a peer answered what it was not asked")
        self._waiting.set_result(answer)


class PipelinedPublisher(PeerConnection):
    """A backend that publishes with several pieces, of several packets each, unacknowledged at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: Sequence[bytes] = ()
        self._each = 1
        self._concurrency = 0
        self._pause = 0.0
        self._begun = 0
        self._acknowledged = 0
        self._pausing = False

    def packets(self, users: Sequence[str]) -> list[bytes]:
        """Encode the packets that publish one notification to each user, in their order."""
        raise NotImplementedError

    async def at_a_time(self, concurrency: int, pieces: Sequence[bytes], each: int, pause: float) -> None:
        """Publish all pieces, and wait until every packet is acknowledged.

        At most `concurrency` pieces of `each` packets are unacknowledged; `pause` is in seconds, from an
        acknowledgement until further pieces are sent. Raises CallFailed when the peer closes the connection.
        """
        self._pieces, self._each = pieces, each
        self._concurrency = self._begun = concurrency
        self._pause = pause
        self._acknowledged = 0
        await self._request(b"".join(pieces[:concurrency]))

    def _packets_acknowledged(self, packets: int) -> None:
        self._acknowledged += packets
        if self._acknowledged == len(self._pieces) * self._each:
            self._answered(b"")
        elif not self._pausing:
            self._pausing = True
            asyncio.get_running_loop().call_later(self._pause, self._publish)

    def _publish(self) -> None:
        self._pausing = False
        begun, self._begun = self._begun, self._concurrency + self._acknowledged // self._each
        if more := self._pieces[begun : self._begun]:
            self._transport.write(b"".join(more))


class PublisherPool:
    """Several publishers that share work in pieces of `each` packets; `pause` is as in `at_a_time`."""

    def __init__(self, pipelines: Sequence[PipelinedPublisher], each: int, pause: float) -> None:
        self._publishers = pipelines
        self._each = each
        self._pause = pause

    def pieces(self, users: Sequence[str]) -> list[list[bytes]]:
        """Return the pieces of each publisher; all together publish one notification to each of the users."""
        count = len(self._publishers)
        shares = [one.packets(users[number::count]) for number, one in enumerate(self._publishers)]
        return [
            [b"".join(share[at : at + self._each]) for at in range(0, len(share), self._each)]
            for share in shares
        ]

    async def at_a_time(self, concurrency: int, pieces: Sequence[Sequence[bytes]]) -> None:
        """Publish all pieces, of which at most `concurrency` are unacknowledged in all. Raises CallFailed."""
        share = concurrency // len(self._publishers)
        pairs = zip(self._publishers, pieces, strict=True)
        await asyncio.gather(*(one.at_a_time(share, its, self._each, self._pause) for one, its in pairs))

    def close(self) -> None:
        """Close all connections."""
        for one in self._publishers:
            one.close()
