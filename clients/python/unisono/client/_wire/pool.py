"""The connections of one event loop to one server: which of them carries a call or a stream.

A server allows a number of streams and calls at a time on a connection, and what is more waits there
without an error. So streams are counted, and each connection has room left.
"""

import asyncio
import itertools
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import grpc

from unisono.client._wire.address import Address
from unisono.client._wire.channel import channel_to
from unisono.client._wire.methods import Method, Request, Response

#: Half of what the service allows: calls have the other half, and so have streams that are about to end.
STREAMS_PER_CONNECTION: Final = 500

#: No two pools of a process share a connection, since no two of their channels have the same number.
_numbers: Final = itertools.count()


class PooledChannel:
    """A channel with a connection of its own, and the number of streams on it."""

    def __init__(self, channel: grpc.aio.Channel, max_streams: int) -> None:
        self.streams = 0
        self._channel = channel
        self._max_streams = max_streams
        self._callables: dict[str, Any] = {}

    @property
    def has_room(self) -> bool:
        """Whether the connection may carry one more stream."""
        return self.streams < self._max_streams

    def unary(self, method: Method[Request, Response]) -> Any:
        """Return the gRPC callable that makes unary calls of a method; made once for each method."""
        return self._callable(method, self._channel.unary_unary)

    def stream(self, method: Method[Request, Response]) -> Any:
        """Return the gRPC callable that opens streams of a method; made once for each method."""
        return self._callable(method, self._channel.unary_stream)

    async def close(self) -> None:
        """Close the connection; calls and streams on it are cancelled."""
        await self._channel.close()

    def _callable(self, method: Method[Request, Response], make: Any) -> Any:
        if method.path not in self._callables:
            self._callables[method.path] = make(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
        return self._callables[method.path]


class ConnectionPool:
    """The connections that all transports of an event loop to the same address share.

    The first carries all calls, and a tenth of the streams that each of the others does: a server, or a
    proxy, that allows less than expected keeps streams waiting, not calls.
    """

    def __init__(self, address: Address, streams_per_connection: int) -> None:
        self._address = address
        self._streams_per_connection = streams_per_connection
        self._channels: list[PooledChannel] = []
        self._users: WeakSet[object] = WeakSet()

    @property
    def for_calls(self) -> PooledChannel:
        """The channel of all unary calls."""
        return self._channels[0] if self._channels else self._another()

    @contextmanager
    def for_stream(self) -> Iterator[PooledChannel]:
        """Reserve room for one stream, until the end of the context, on the channel that this yields.

        Another connection is opened when all are full.
        """
        channel = next((channel for channel in self._channels if channel.has_room), None) or self._another()
        channel.streams += 1
        try:
            yield channel
        finally:
            channel.streams -= 1

    def join(self, user: object) -> None:
        """Keep the connections open until this user leaves or is garbage collected."""
        self._users.add(user)

    async def leave(self, user: object) -> None:
        """Remove a user, if it is there, and close all connections when nobody else uses them."""
        self._users.discard(user)
        if self._users:
            return
        pools = _pools_of(asyncio.get_running_loop())
        # Who comes while they are being closed has others.
        if pools.get((self._address, self._streams_per_connection)) is self:
            del pools[self._address, self._streams_per_connection]
        channels, self._channels = self._channels, []
        for channel in channels:
            await channel.close()

    def _another(self) -> PooledChannel:
        most = self._streams_per_connection if self._channels else max(1, self._streams_per_connection // 10)
        channel = PooledChannel(channel_to(self._address, next(_numbers)), most)
        self._channels.append(channel)
        return channel


_Pools = MutableMapping[tuple[Address, int], ConnectionPool]

#: Transports that nobody closes take their pools with them when they are collected, as loops do.
_pools: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Pools]] = WeakKeyDictionary()


def pool_of(address: Address, streams_per_connection: int, user: object) -> ConnectionPool:
    """Return the pool of the running event loop for an address, made if need be, and joined by `user`."""
    pools, key = _pools_of(asyncio.get_running_loop()), (address, streams_per_connection)
    pool = pools.get(key)
    if pool is None:
        pool = pools[key] = ConnectionPool(address, streams_per_connection)
    pool.join(user)
    return pool


def _pools_of(loop: asyncio.AbstractEventLoop) -> _Pools:
    return _pools.setdefault(loop, WeakValueDictionary())
