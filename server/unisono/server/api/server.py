"""The gRPC server: its channel options, its services and its port."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from unisono.server.api.address import cannot_listen, check_free
from unisono.server.api.health import SERVICE as HEALTH
from unisono.server.api.health import Health
from unisono.server.api.pipeline import Handlers, Pipeline, Streaming, Unary, UnaryBytes
from unisono.server.api.reflection import SERVICES as REFLECTION
from unisono.server.api.reflection import Reflection
from unisono.server.api.tls import Certificate
from unisono.server.api.unknown import Unknown


class Service(Protocol):
    """A gRPC service: its full name, such as `unisono.v1.FeedService`, and its methods by name."""

    @property
    def name(self) -> str: ...
    @property
    def methods(self) -> Mapping[str, Unary[Any] | UnaryBytes | Streaming[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Settings of connections, in seconds and bytes; see `docs/operating.md`, "Settings of the transport".

    `stream_age` is how long a watch of the health service or a stream of reflection may stay open.
    """

    keepalive_time: float
    ping_timeout: float
    connection_age: float
    connection_age_grace: float
    max_request_bytes: int
    max_token_bytes: int
    max_health_watches: int
    streams_per_connection: int
    connection_idle: float
    request_timeout: float
    stream_age: float = 20 * 60
    #: How long, on average, a call is held back that is refused since its caller calls too often.
    refusal_delay: float = 2.0


class Server:
    """Serves the given services, `grpc.health.v1` and reflection on one port.

    Calls of methods that do not exist are answered with UNIMPLEMENTED.
    """

    def __init__(self, services: Sequence[Service], pipeline: Pipeline, transport: Transport) -> None:
        names = [service.name for service in services]
        age = transport.stream_age
        self._health = Health(names, pipeline, max_watches=transport.max_health_watches, watch_age=age)
        self._pipeline = pipeline
        self._server = grpc.aio.server(options=_options(transport))
        for service in services:
            self._add(service.name, _handlers(pipeline, service))
        self._add(HEALTH, self._health.handlers())
        reflection = Reflection(pipeline, (*names, HEALTH), stream_age=age)
        for name in REFLECTION:
            self._add(name, reflection.handlers())
        self._server.add_generic_rpc_handlers((Unknown(pipeline),))

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """Listen on HOST:PORT and begin to serve, with TLS where a certificate is given.

        Returns the port, which the kernel chooses for port 0. Raises ListenError where that address is not
        usable.
        """
        check_free(address)
        try:
            if certificate is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, certificate.credentials())
        except RuntimeError as error:
            raise cannot_listen(address, str(error)) from error
        await self._server.start()
        return port

    def stop(self, grace: float) -> asyncio.Task[None]:
        """Refuse new calls, and stop once those that run have ended, or are cancelled after `grace` seconds.

        Returns the task that ends when the server has stopped. From this call on, the health service answers
        NOT_SERVING, and no refusal is held back. See Drained.
        """
        self._health.stop()
        self._pipeline.close()
        return asyncio.create_task(self._server.stop(grace), name="grpc stop")

    def _add(self, name: str, handlers: Handlers) -> None:
        """Add the handlers as registered methods, which are faster, and as generic ones, as stubs do."""
        generic = grpc.method_handlers_generic_handler(name, handlers)
        self._server.add_generic_rpc_handlers((generic,))
        self._server.add_registered_method_handlers(name, handlers)


def _handlers(pipeline: Pipeline, service: Service) -> Handlers:
    return {
        name: pipeline.streaming(f"{service.name}/{name}", method)
        if isinstance(method, Streaming)
        else pipeline.unary(f"{service.name}/{name}", method)
        for name, method in service.methods.items()
    }


def _options(transport: Transport) -> list[tuple[str, int]]:
    """Return the channel arguments for a server of long streams; `docs/operating.md` gives the reasons."""
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.enable_channelz", 0),
        ("grpc.max_receive_message_length", 2 * transport.max_request_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", transport.max_token_bytes + 8 * 1024),
        ("grpc.absolute_max_metadata_size", transport.max_token_bytes + 16 * 1024),
        ("grpc.keepalive_time_ms", int(transport.keepalive_time * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.ping_timeout_ms", int(transport.ping_timeout * 1000)),
        ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
        ("grpc.http2.bdp_probe", 0),
        ("grpc.max_concurrent_streams", transport.streams_per_connection),
        ("grpc.max_connection_idle_ms", int(transport.connection_idle * 1000)),
        ("grpc.max_connection_age_ms", int(transport.connection_age * 1000)),
        ("grpc.max_connection_age_grace_ms", int(transport.connection_age_grace * 1000)),
        ("grpc.server_handshake_timeout_ms", 15_000),
        # By default, gRPC refuses calls beyond 1,000 pending ones, as in a burst of reconnecting devices.
        ("grpc.server.max_pending_requests", 100_000),
        ("grpc.server.max_pending_requests_hard_limit", 100_000),
    ]
