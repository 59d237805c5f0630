"""Stands in for `grpc.aio.Channel`: the stubs, and whatever is written for them, make calls over the web."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Self, TypeVar

from tests.support.web.calls import Items, StreamCall, UnaryCall
from tests.support.web.codecs import Binary, Json
from tests.support.web.http import Http, Http1, Http2
from tests.support.web.protocols import Connect, GrpcWeb, WebProtocol

ResponseT = TypeVar("ResponseT")

Serialize = Callable[[Any], bytes]
Deserialize = Callable[[bytes], ResponseT]
Metadata = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Door:
    """A way into a server from the web: a protocol, and the version of HTTP under it."""

    protocol: WebProtocol
    http: Callable[[str, ssl.SSLContext | None], Http]


DOORS: Final[Mapping[str, Door]] = {
    "connect": Door(Connect(Binary()), Http2),
    "json": Door(Connect(Json(), gets=True), Http1),
    "grpc-web": Door(GrpcWeb(), Http1),
}


class WebChannel:
    """Calls to the server at HOST:PORT, through one door; by TLS with a context, which is its own."""

    def __init__(self, target: str, door: Door, tls: ssl.SSLContext | None = None) -> None:
        self._protocol = door.protocol
        self._http = door.http(target, tls)

    def unary_unary(
        self,
        method: str,
        request_serializer: Serialize | None = None,
        response_deserializer: Deserialize[ResponseT] | None = None,
        _registered_method: bool = False,
    ) -> "UnaryMethod[ResponseT]":
        """See `grpc.aio.Channel`."""
        return UnaryMethod(self, method, request_serializer, response_deserializer)

    def unary_stream(
        self,
        method: str,
        request_serializer: Serialize | None = None,
        response_deserializer: Deserialize[ResponseT] | None = None,
        _registered_method: bool = False,
    ) -> "StreamMethod[ResponseT]":
        """See `grpc.aio.Channel`."""
        return StreamMethod(self, method, request_serializer, response_deserializer)

    async def close(self, grace: float | None = None) -> None:
        """Close all connections."""
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def items(
        self, path: str, message: bytes, metadata: Metadata, timeout: float | None, *, streaming: bool
    ) -> Items:
        """Make a call with an encoded message, and yield what comes of it."""
        request = self._protocol.request(path, message, metadata, timeout, streaming=streaming)
        async with self._http.sent(request) as answer:
            async for item in self._protocol.read(path, answer, streaming=streaming):
                yield item


@dataclass(frozen=True, slots=True)
class _Method(Generic[ResponseT]):
    channel: WebChannel
    path: str
    serialize: Serialize | None
    deserialize: Deserialize[ResponseT] | None

    def _items(self, request: Any, metadata: Metadata, timeout: float | None, *, streaming: bool) -> Items:
        message = request if self.serialize is None else self.serialize(request)
        return self.channel.items(self.path, message, tuple(metadata), timeout, streaming=streaming)


class UnaryMethod(_Method[ResponseT]):
    """A method with one response."""

    def __call__(
        self, request: Any, *, timeout: float | None = None, metadata: Metadata = ()
    ) -> UnaryCall[ResponseT]:
        items = self._items(request, metadata, timeout, streaming=False)
        return UnaryCall(items, self.deserialize, timeout)


class StreamMethod(_Method[ResponseT]):
    """A method with many responses."""

    def __call__(
        self, request: Any, *, timeout: float | None = None, metadata: Metadata = ()
    ) -> StreamCall[ResponseT]:
        items = self._items(request, metadata, timeout, streaming=True)
        return StreamCall(items, self.deserialize, timeout)
