"""Serves the methods over HTTP of our own: to gRPC and to the web."""

import asyncio

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.http.h2.state import Http2Limits
from unisono.server.api.http.listener import Listener
from unisono.server.api.http.places import AddressLimits
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.api.http.timeouts import Timeouts
from unisono.server.api.methods import Methods
from unisono.server.api.router import Router
from unisono.server.api.tls import Certificate
from unisono.server.api.transport import Transport


class HttpServer:
    """See `api.transport.Server`."""

    def __init__(self, methods: Methods, transport: Transport) -> None:
        self._methods = methods
        self._transport = transport
        self._router = Router(
            methods.by_service,
            methods.unknown,
            web=transport.web,
            origins=transport.origins,
            hook=methods.hook,
            is_serving=lambda: methods.is_serving,
            trying_out=transport.trying_out,
        )
        self._listener: Listener | None = None
        self.connections = ConnectionMetrics()

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """See `Server.start`."""
        self._listener = Listener(
            self._router.handle,
            timeouts=_timeouts(self._transport),
            http2_limits=_limits(self._transport),
            address_limits=_address_limits(self._transport),
            proxies=_proxies(self._transport),
            handshakes=self._transport.tls_handshakes,
            metrics=self.connections,
        )
        return await self._listener.start(address, certificate)

    def stop(self, grace: float) -> asyncio.Task[None]:
        """See `Server.stop`."""
        self._methods.stop()
        return asyncio.create_task(self._stop(grace), name="http stop")

    async def _stop(self, grace: float) -> None:
        if self._listener is not None:
            self._listener.drain()
            await self._listener.wait_closed(grace)


def _timeouts(transport: Transport) -> Timeouts:
    return Timeouts(
        connection_idle=transport.connection_idle,
        connection_age=transport.connection_age,
        connection_age_grace=transport.connection_age_grace,
        keepalive_time=transport.keepalive_time,
        ping_timeout=transport.ping_timeout,
        stalled_write=transport.stalled_write_timeout,
    )


def _proxies(transport: Transport) -> TrustedProxies:
    return TrustedProxies.of(
        transport.trusted_proxies,
        proxy_protocol=transport.proxy_protocol,
        header=transport.forwarded_header,
        certificate_header=transport.client_certificate_header,
    )


def _limits(transport: Transport) -> Http2Limits:
    return Http2Limits(
        max_streams=transport.streams_per_connection,
        max_header_bytes=transport.max_token_bytes + 16 * 1024,
    )


def _address_limits(transport: Transport) -> AddressLimits:
    return AddressLimits(
        connections=transport.connections,
        per_address=transport.connections_per_address,
        opening_per_address=transport.opening_connections_per_address,
        new_per_address=transport.new_connections_per_address,
        requests_per_address=transport.stranger_requests_per_address,
    )
