"""What all connections of a listener share: who handles, what bounds them, and what runs."""

import asyncio
from typing import Final, Protocol

import structlog

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.http.exchange import ClientGone, Exchange, Handle
from unisono.server.api.http.h2.state import Http2Limits
from unisono.server.api.http.networks import network_of_peer
from unisono.server.api.http.places import AddressLimits, Place, Places
from unisono.server.api.http.proxies.trusted import TrustedProxies
from unisono.server.api.http.tcp import reset
from unisono.server.api.http.timeouts import Timeouts

log = structlog.get_logger(__name__)

MOST_PATHS: Final = 10
LONGEST_PATH: Final = 100
"""How many paths the log has of requests that do not end, and how many bytes of each."""


class Ending(Exchange, Protocol):
    """An exchange that says whether it has ended, and is told when its task has."""

    @property
    def is_over(self) -> bool:
        """Whether the response has ended, finished or not."""

    def handled(self) -> None:
        """Know that nobody handles it any more: what is unfinished is reset."""


class Served(Protocol):
    """A connection, as the listener sees it."""

    def drain(self) -> None:
        """Take no more requests, and close when those that run have ended."""

    def abort(self) -> None:
        """Close at once. The tasks of what runs are cancelled."""


class Serving:
    """Starts a task for each exchange, and knows the connections and tasks that there are."""

    __slots__ = (
        "_emptied",
        "_handle",
        "connections",
        "http2_limits",
        "is_draining",
        "loop",
        "metrics",
        "places",
        "proxies",
        "tasks",
        "timeouts",
    )

    def __init__(
        self,
        handle: Handle,
        timeouts: Timeouts,
        http2_limits: Http2Limits,
        address_limits: AddressLimits,
        proxies: TrustedProxies,
        metrics: ConnectionMetrics,
    ) -> None:
        self.metrics: Final = metrics
        self._handle: Final = handle
        self.timeouts: Final = timeouts
        self.http2_limits: Final = http2_limits
        self.proxies: Final = proxies
        self.loop: Final = asyncio.get_running_loop()
        self.places: Final = Places(address_limits, self.loop.time, metrics)
        self.connections: Final[set[Served]] = set()
        self.tasks: Final[dict[asyncio.Task[None], Ending]] = {}
        self.is_draining = False
        self._emptied: asyncio.Future[None] | None = None

    def admit(self, transport: asyncio.Transport) -> Place:
        """Return the place of a connection that was just made; where there is none for it, it is reset.

        A proxy is trusted to bound what its clients open, and has no limit of its own.
        """
        name = transport.get_extra_info("peername")
        place = self.places.enter(None if self.proxies.trusts(name) else network_of_peer(name))
        if place.refused is not None or self.is_draining:
            reset(transport)
        return place

    def start(self, exchange: Ending) -> asyncio.Task[None]:
        """Start the task that handles an exchange."""
        task = self.loop.create_task(_run(self._handle, exchange))
        self.tasks[task] = exchange
        task.add_done_callback(self.tasks.pop)
        return task

    def closed(self, connection: Served) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        if self._emptied is not None and not self.connections and not self._emptied.done():
            self._emptied.set_result(None)

    async def end(self) -> None:
        """Close all connections, and cancel whatever runs; what does not end then is left, and named."""
        for connection in tuple(self.connections):
            connection.abort()
        for task in self.tasks:
            task.cancel()
        try:
            async with asyncio.timeout(self.timeouts.cancelled):
                await self.wait_idle()
        except TimeoutError:
            paths = sorted({_named(exchange) for exchange in self.tasks.values()})
            log.warning("exchanges_left", count=len(self.tasks), paths=paths[:MOST_PATHS])

    async def wait_idle(self) -> None:
        """Wait until there are no connections, and nothing runs."""
        while self.connections or self.tasks:
            if self.connections:
                self._emptied = self.loop.create_future()
                await self._emptied
            else:
                await asyncio.wait(self.tasks)


async def _run(handle: Handle, exchange: Ending) -> None:
    """Handle an exchange, from its headers to its end."""
    try:
        await handle(exchange)
        if not exchange.is_over:
            log.error("exchange_unfinished", method=exchange.method, path=_named(exchange))
    except ClientGone:
        pass
    except Exception:
        log.exception("exchange_failed", method=exchange.method, path=_named(exchange))
    finally:
        exchange.handled()


def _named(exchange: Ending) -> bytes:
    """Return the path of an exchange for the log, without its query: who knows what clients put there."""
    return exchange.path.partition(b"?")[0][:LONGEST_PATH]
