"""What every transport is told, and has to offer: it serves methods on a port, and drains."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.methods import Methods
from unisono.server.api.tls import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class TryingOut:
    """What a server does besides where it is tried out: it shows a page, to which it gives access tokens.

    `token` returns a new one, of the user with the id `user`. `host` is the one that the server listens on.
    """

    host: str
    user: str
    token: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """Settings of connections, in seconds and bytes; see `docs/server.md`, "Settings of the transport".

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
    stalled_write_timeout: float = 60
    tls_handshakes: int = 2000
    connections: int = 100_000
    connections_per_address: int = 4000
    opening_connections_per_address: int = 2000
    new_connections_per_address: int = 200
    stranger_requests_per_address: int = 500
    trusted_proxies: Sequence[str] = ()
    proxy_protocol: bool = False
    forwarded_header: str = "x-forwarded-for"
    client_certificate_header: str = ""
    #: Whether Connect, gRPC-Web and JSON are spoken, too; by a transport of our own alone.
    web: bool = True
    #: The origins of the web pages of all apps together.
    origins: Collection[str] = ()
    trying_out: TryingOut | None = None
    stream_age: float = 20 * 60
    #: How long, on average, a call is held back that is refused since its caller calls too often.
    refusal_delay: float = 2.0


class Server(Protocol):
    """Serves methods on one port."""

    @property
    def connections(self) -> ConnectionMetrics | None:
        """What it counts of its connections; None where it does not know them."""

    async def start(self, address: str, certificate: Certificate | None = None) -> int:
        """Listen on HOST:PORT and begin to serve, with TLS where a certificate is given.

        Returns the port, which the kernel chooses for port 0. Raises ListenError where that address is not
        usable.
        """

    def stop(self, grace: float) -> asyncio.Task[None]:
        """Refuse new calls, and stop once those that run have ended, or are cancelled after `grace` seconds.

        Returns the task that ends when the server has stopped. From this call on, the health service answers
        NOT_SERVING, and no refusal is held back. See Drained.
        """


MakeServer: TypeAlias = Callable[[Methods, Transport], Server]
"""Makes the server of one transport."""
