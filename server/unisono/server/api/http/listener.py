"""Listens on one address, for clients of HTTP/2 and HTTP/1.1."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from unisono.server.api.address import cannot_listen
from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.http.exchange import Handle
from unisono.server.api.http.h2.state import Http2Limits
from unisono.server.api.http.opening import Opening
from unisono.server.api.http.places import AddressLimits
from unisono.server.api.http.proxies.layer import ProxyLayer
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.sockets import bound
from unisono.server.api.http.timeouts import Timeouts
from unisono.server.api.http.tls.layer import TlsLayer
from unisono.server.api.tls import Certificate

BACKLOG: Final = 4096
"""Clients that may wait to be accepted: after a restart, all devices return at once."""

AT_ONCE: Final = 64
"""Clients that are accepted before anything else has its turn, and failures of that which are logged."""


NUMBERS: Final = 16
"""By how many numbers a loop knows a socket that accepts one client of each before others have their turn."""


class Listener:
    """Has exchanges handled, each in a task of its own. To be made where a loop runs."""

    def __init__(
        self,
        handle: Handle,
        *,
        timeouts: Timeouts = Timeouts(),  # noqa: B008
        http2_limits: Http2Limits = Http2Limits(),  # noqa: B008
        address_limits: AddressLimits = AddressLimits(),  # noqa: B008
        proxies: TrustedProxies = TrustedProxies(),  # noqa: B008
        handshakes: int = 2000,
        metrics: ConnectionMetrics | None = None,
    ) -> None:
        """`handshakes` is how many of TLS may be under way at a time; `metrics` counts connections."""
        self._handshakes: Final = handshakes
        self._serving: Final = Serving(
            handle, timeouts, http2_limits, address_limits, proxies, metrics or ConnectionMetrics()
        )
        self._servers: Final[list[asyncio.Server]] = []
        self._path: tuple[Path, int] | None = None
        self._tls: TlsLayer | None = None
        self._open: Callable[[], asyncio.Protocol] = lambda: Opening(self._serving, self._serving.admit)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._serving.connections)

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """Listen on HOST:PORT or unix:PATH, with TLS where a certificate is given.

        The file of a path has the mode that the umask leaves.

        Returns the port, which the kernel chooses for port 0; 0 for a path. Raises `ListenError`.
        """
        if certificate is not None:
            self._open = self._tls = TlsLayer(certificate, self._serving, self._handshakes)
        if self._serving.proxies.proxy_protocol:
            self._open = ProxyLayer(self._serving, self._open)
        sockets = bound(address)
        try:
            sockets += [one.dup() for one in sockets for _ in range(_numbers(self._serving.loop) - 1)]
            for one in sockets:
                # Before, for not every loop says that it cannot; after, for the loop has a number of its own.
                one.listen(BACKLOG)
                self._servers.append(await self._listen(one))
                one.listen(BACKLOG)
        except OSError as error:
            self._close_sockets()
            for one in sockets:
                one.close()
            raise cannot_listen(address, error.strerror or str(error)) from error
        return 0 if self._path is not None else int(sockets[0].getsockname()[1])

    def drain(self) -> None:
        """Close the sockets, and have each connection end once what runs on it has ended."""
        self._close_sockets()
        self._serving.is_draining = True
        for connection in tuple(self._serving.connections):
            connection.drain()

    async def wait_closed(self, grace: float) -> None:
        """Wait until all connections and tasks have ended; after `grace` seconds, cancel what is left.

        A task that does not end then is named in the log, and left: who stops waits for nobody for ever.
        """
        try:
            async with asyncio.timeout(grace):
                await self._serving.wait_idle()
        except TimeoutError:
            await self._serving.end()
        if self._tls is not None:
            self._tls.close()

    async def _listen(self, one: socket.socket) -> asyncio.Server:
        loop = self._serving.loop
        if one.family != socket.AF_UNIX:
            return await loop.create_server(self._open, sock=one, backlog=AT_ONCE)
        self._path = _file(one)
        return await loop.create_unix_server(self._open, sock=one, backlog=AT_ONCE)

    def _close_sockets(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._path is not None:
            _remove(*self._path)
            self._path = None


def _numbers(loop: asyncio.AbstractEventLoop) -> int:
    """Return by how many numbers a loop is to know each socket, so that it accepts many clients in a round.

    asyncio's own accept as many of one as the backlog says. uvloop accepts a single one (libuv since 1.45):
    of devices that come at once each would be asked, answered and committed nearly alone.
    """
    return 1 if isinstance(loop, asyncio.SelectorEventLoop) else NUMBERS


def _file(one: socket.socket) -> tuple[Path, int]:
    """Return the path of a socket, and which file it is."""
    path = Path(one.getsockname())
    return path, path.stat().st_ino


def _remove(path: Path, inode: int) -> None:
    """Remove the file of a socket, unless another server has put its own there."""
    if path.exists() and path.stat().st_ino == inode:
        path.unlink(missing_ok=True)
