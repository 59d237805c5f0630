"""A connection of a proxy until it has said whose connection it is."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.proxies.proxy_protocol import ProxyHeader, ProxyHeaderInvalid, parsed
from unisono.server.api.http.proxies.transport import ProxiedTransport
from unisono.server.api.http.serving import Serving


class ProxyOpening(asyncio.Protocol):
    """Reads the header of the PROXY protocol where a trusted proxy connects, and has others go on from there.

    Without a header in time, or with one that is none, the connection is closed.
    """

    __slots__ = ("_alarm", "_buffer", "_refused", "_serving", "_then", "_transport")

    def __init__(
        self,
        serving: Serving,
        then: Callable[[], asyncio.Protocol],
        refused: Callable[[object, str], None],
    ) -> None:
        """`then` makes the protocol that follows; `refused` is told the name of a proxy, and why."""
        self._serving: Final = serving
        self._then: Final = then
        self._refused: Final = refused
        self._alarm: Final = Alarm(serving.loop, self._on_due)
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait, if it is a proxy's connection."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._serving.proxies.trusts(transport.get_extra_info("peername")):
            self._hand_over(self._transport, b"")
            return
        self._serving.connections.add(self)
        self._alarm.set(Due.HANDSHAKE, self._serving.loop.time() + self._serving.timeouts.proxy_header)
        if self._serving.is_draining:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end()

    def data_received(self, data: bytes) -> None:
        """Hand over, as soon as the header is whole."""
        self._buffer += data
        try:
            header = parsed(self._buffer)
        except ProxyHeaderInvalid as error:
            self._refuse(f"what it sent is no header of the PROXY protocol: {error}")
            return
        if header is not None:
            self._end()
            self._hand_over(self._named(header), self._buffer[header.size :])

    def drain(self) -> None:
        """Close: there is nothing yet that could be ended well."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _named(self, header: ProxyHeader) -> asyncio.Transport:
        if header.source is None:
            return self._transport
        return ProxiedTransport(self._transport, header.source)

    def _hand_over(self, transport: asyncio.Transport, rest: bytes) -> None:
        protocol = self._then()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if rest and not transport.is_closing():
            protocol.data_received(rest)

    def _refuse(self, why: str) -> None:
        self._refused(self._transport.get_extra_info("peername"), why)
        self.abort()

    def _end(self) -> None:
        self._alarm.close()
        self._serving.closed(self)

    def _on_due(self, due: Due, now: float) -> None:
        self._refuse("it sent no header of the PROXY protocol in time")
