"""The transport of a connection that a proxy passes on: the other end of its socket is the client."""

import asyncio
from typing import Any, Final

from unisono.server.api.http.proxies.proxy_protocol import Source


class ProxiedTransport(asyncio.Transport):
    """Does all as the transport of the socket, and names the client."""

    __slots__ = ("_source", "_transport")

    def __init__(self, transport: asyncio.Transport, source: Source) -> None:
        """`source` is what the header of the PROXY protocol names."""
        self._transport: Final = transport
        self._source: Final = source

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the socket, under "peername" the client, and under "proxied" True."""
        if name == "proxied":
            return True
        return self._source if name == "peername" else self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Pass it on, as all that follows."""
        self._transport.set_protocol(protocol)

    def get_write_buffer_size(self) -> int:
        """See `asyncio.WriteTransport`."""
        return self._transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        """See `asyncio.BaseTransport`."""
        return self._transport.is_closing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See `asyncio.WriteTransport`."""
        self._transport.write(data)

    def write_eof(self) -> None:
        """See `asyncio.WriteTransport`."""
        self._transport.write_eof()

    def close(self) -> None:
        """See `asyncio.BaseTransport`."""
        self._transport.close()

    def abort(self) -> None:
        """See `asyncio.WriteTransport`."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """See `asyncio.ReadTransport`."""
        self._transport.resume_reading()
