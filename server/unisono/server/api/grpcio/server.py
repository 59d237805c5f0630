"""grpcio's server: its channel options, its handlers and its port."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

import grpc

from unisono.server.api.address import cannot_listen, check_free
from unisono.server.api.call import Rpc
from unisono.server.api.grpcio.call import GrpcioCall
from unisono.server.api.grpcio.credentials import credentials
from unisono.server.api.methods import Methods
from unisono.server.api.tls import Certificate
from unisono.server.api.transport import Transport

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class GrpcioServer:
    """Serves methods with grpcio; see `api.transport.Server`.

    To grpcio every method has a stream of requests: so its handler runs as soon as the headers are there,
    which looks the same on the wire.
    """

    connections: None = None

    def __init__(self, methods: Methods, transport: Transport) -> None:
        self._methods = methods
        self._server = grpc.aio.server(options=_options(transport))
        for name, rpcs in methods.by_service.items():
            self._add(name, {method: _handler(rpc) for method, rpc in rpcs.items()})
        self._server.add_generic_rpc_handlers((_Unknown(methods.unknown),))

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """See `Server.start`."""
        check_free(address)
        try:
            if certificate is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, credentials(certificate))
        except RuntimeError as error:
            raise cannot_listen(address, str(error)) from error
        await self._server.start()
        return port

    def stop(self, grace: float) -> asyncio.Task[None]:
        """See `Server.stop`."""
        self._methods.stop()
        return asyncio.create_task(self._server.stop(grace), name="grpc stop")

    def _add(self, name: str, handlers: Mapping[str, Handler]) -> None:
        """Add the handlers as registered methods, which are faster, and as generic ones, as stubs do."""
        generic = grpc.method_handlers_generic_handler(name, dict(handlers))
        self._server.add_generic_rpc_handlers((generic,))
        self._server.add_registered_method_handlers(name, dict(handlers))


class _Unknown(grpc.GenericRpcHandler):
    """The handler of all methods that no other handler has. Must be added last."""

    def __init__(self, rpc: Rpc) -> None:
        self._handler = _handler(rpc)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """Return the handler, whatever the method is; see `grpc.GenericRpcHandler`."""
        return self._handler


def _handler(rpc: Rpc) -> Handler:
    async def behavior(_: object, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes | None:
        return await rpc.handle(GrpcioCall(context))

    if rpc.streaming:
        return grpc.stream_stream_rpc_method_handler(behavior)
    return grpc.stream_unary_rpc_method_handler(behavior)


def _options(transport: Transport) -> list[tuple[str, int]]:
    """Return the channel arguments for a server of long streams; `docs/server.md` gives the reasons."""
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
        # And it cancels those that have waited for 30 s, which such a burst may take.
        ("grpc.server_max_unrequested_time_in_server", 300),
    ]
