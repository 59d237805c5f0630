"""Bounds what the clients of one address take, and all together, before anything that they send is read."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.failure_log import FailureLog

MOST_LEFT: Final = 50_000
"""The most networks without connections that are remembered for how fast they opened their last ones."""


BURST: Final = 10.0
"""Seconds of what one address may do that it may do at once: after a restart all who share it come back."""

READ_BURST: Final = 1.0
"""Seconds of requests of strangers that are read at once: others wait meanwhile, and these hardly at all."""

FRAMES_PER_REQUEST: Final = 20
"""What a request costs more than a frame that begins none."""

#: How far sums of seconds may be off, in seconds.
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLimits:
    """How many connections there may be in all, and of each address.

    `opening_per_address` have not asked for anything yet; `new_per_address` are opened in a second, on
    average. In a second, also on average, `requests_per_address` are read of all those of an address whose
    clients are not known.
    """

    connections: int = 100_000
    per_address: int = 4000
    opening_per_address: int = 2000
    new_per_address: int = 200
    requests_per_address: int = 500


class _Network:
    """What the clients of one address have: connections, those that ask for nothing yet, and two buckets."""

    __slots__ = ("full_at", "name", "open", "opening", "read_at")

    def __init__(self, name: str | None) -> None:
        self.name: Final = name
        self.open = 0
        self.opening = 0
        self.full_at = float("-inf")
        self.read_at = float("-inf")


class Place:
    """What one connection takes, from its beginning to its end.

    `refused` names the limit that it is beyond: then it takes nothing, and is to be closed. Nothing is to be
    read of it for `wait` seconds: its first request is counted before it comes. `is_known` says whether its
    client is no stranger.
    """

    __slots__ = ("_is_opening", "_network", "_places", "_prepaid", "is_known", "refused", "wait")

    def __init__(
        self, places: "Places", network: _Network, refused: str | None = None, wait: float = 0.0
    ) -> None:
        self._places: Final = places
        self._network: Final = network
        self._is_opening = refused is None
        self._prepaid = 1
        self.is_known = network.name is None
        self.refused: Final = refused
        self.wait: Final = wait

    def asked(self) -> None:
        """Know that the client has asked for something."""
        if self._is_opening:
            self._is_opening = False
            self._network.opening -= 1

    def known(self) -> None:
        """Know that the client has shown who it is: what it does counts elsewhere from now on."""
        self.is_known = True

    def read(self, frames: int, requests: int) -> float:
        """Count what was read of the client; return for how many seconds nothing more is to be read of it."""
        if self.is_known:
            return 0.0
        prepaid = min(self._prepaid, requests)
        self._prepaid -= prepaid
        return self._places.read(self._network, frames, requests - prepaid)

    def leave(self) -> None:
        """Give all back; once, at the end of the connection."""
        if self.refused is None:
            self.asked()
            self._places.left(self._network)


class Places:
    """Gives connections their places. Holds as many networks as have any, and some more."""

    __slots__ = (
        "_failures",
        "_interval",
        "_left",
        "_limits",
        "_metrics",
        "_networks",
        "_now",
        "_per_address",
        "_per_frame",
        "open",
    )

    def __init__(self, limits: AddressLimits, now: Callable[[], float], metrics: ConnectionMetrics) -> None:
        """`now` returns the time in seconds."""
        self._metrics: Final = metrics
        self._limits: Final = limits
        self._now: Final = now
        self._per_address: Final = max(1, min(limits.per_address, _all_but_some(limits.connections)))
        self._interval: Final = 1 / limits.new_per_address
        self._per_frame: Final = 1 / (limits.requests_per_address * FRAMES_PER_REQUEST)
        self._networks: Final[dict[str, _Network]] = {}
        self._left: Final[OrderedDict[str, _Network]] = OrderedDict()
        self._failures: Final[dict[str, FailureLog]] = {}
        self.open = 0

    def __len__(self) -> int:
        """Return how many networks are remembered."""
        return len(self._networks) + len(self._left)

    def enter(self, name: str | None) -> Place:
        """Return the place of a new connection from a network; one without a name has no limit of its own."""
        now = self._now()
        network = self._known(name) or _Network(name)
        refused = self._limit_met(network, now)
        if refused is not None:
            return Place(self, network, refused)
        self._count(network, now)
        return Place(self, network, wait=0.0 if name is None else self.read(network, 0, 1))

    def read(self, network: _Network, frames: int, requests: int) -> float:
        """Count what was read of a client of a network that is not known; return how long it has to wait."""
        now, taken = self._now(), frames + requests * FRAMES_PER_REQUEST
        network.read_at = max(network.read_at, now) + taken * self._per_frame
        wait = network.read_at - now - READ_BURST
        if wait <= _ROUNDING:
            return 0.0
        self._metrics.held += 1
        return wait

    def left(self, network: _Network) -> None:
        """Count a connection of a network no more."""
        self.open -= 1
        self._metrics.closed += 1
        network.open -= 1
        if network.name is None or network.open:
            return
        del self._networks[network.name]
        self._left[network.name] = network
        if len(self._left) > MOST_LEFT:
            self._left.popitem(last=False)
        self._forget_full(self._now())

    def _known(self, name: str | None) -> _Network | None:
        return None if name is None else self._networks.get(name) or self._left.get(name)

    def _limit_met(self, network: _Network, now: float) -> str | None:
        """Return the setting that a further connection would be beyond."""
        limits = self._limits
        if self.open >= limits.connections:
            return self._told("connections", limits.connections, "in all")
        if network.name is None:
            return None
        where = f"from {network.name}"
        if network.open >= self._per_address:
            return self._told("connections_per_address", self._per_address, where)
        if network.opening >= limits.opening_per_address:
            return self._told("opening_connections_per_address", limits.opening_per_address, where)
        if network.full_at - now > BURST - self._interval + _ROUNDING:
            return self._told("new_connections_per_address", limits.new_per_address, where)
        return None

    def _told(self, setting: str, limit: int, where: str) -> str:
        self._metrics.refused[setting] += 1
        if setting not in self._failures:
            self._failures[setting] = FailureLog("connections refused", self._now)
        self._failures[setting].add(setting, f"more than {limit} {where}")
        return setting

    def _count(self, network: _Network, now: float) -> None:
        self.open += 1
        self._metrics.opened += 1
        network.open += 1
        network.opening += 1
        network.full_at = max(network.full_at, now) + self._interval
        if network.name is not None:
            self._left.pop(network.name, None)
            self._networks[network.name] = network

    def _forget_full(self, now: float) -> None:
        """Forget networks that came slowly enough, two for each that is added: so there are few of them."""
        for _ in range(2):
            name = next(iter(self._left), None)
            if name is not None and max(self._left[name].full_at, self._left[name].read_at) <= now:
                del self._left[name]


def _all_but_some(connections: int) -> int:
    """Return how many one address may have at most: a tenth, and at least one, is for others."""
    return connections - max(1, connections // 10)
