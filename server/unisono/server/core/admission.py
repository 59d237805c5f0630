"""How many calls a caller may have under way, and begin in a second. Knows no methods and no messages."""

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, Generic, TypeVar

from unisono.server.clock import Clock
from unisono.server.core.access.principal import Principal
from unisono.server.errors import RateLimited, TooFrequent
from unisono.server.fair_queue import Owner
from unisono.server.model import Limits

KeyT = TypeVar("KeyT", bound=Hashable)

_MAX_BUCKETS: Final = 100_000
"""Of how many callers is remembered how much they did. Whoever comes to mind again after so many others
has as much as at first: that takes a hundred thousand callers within a second."""

#: Seconds that sums of seconds may be off by.
_ROUNDING: Final = 1e-6

_RETRY: Final = 1.0
"""When it is worth to try again where too many calls are under way, in seconds."""


class CallKind(Enum):
    """What a call counts as. Streams and acknowledgements of a restart with all devices are no attack."""

    CALL = "calls"
    SUBSCRIBE = "subscriptions"
    ACKNOWLEDGE = "acknowledgements"


class Buckets(Generic[KeyT]):
    """A token bucket for each key: `rate` a second on average, `burst` at once.

    The generic cell rate algorithm (ITU-T I.371): all that is kept of a bucket is when it will be full.
    """

    def __init__(self, clock: Clock, rate: float, burst: float) -> None:
        self._clock = clock
        self._interval = 1 / rate
        self._tolerance = (burst - 1) / rate
        self._full_at: OrderedDict[KeyT, float] = OrderedDict()

    def __len__(self) -> int:
        """How many buckets are known."""
        return len(self._full_at)

    def take(self, key: KeyT) -> float:
        """Take one out: 0, or in how many seconds there will be one again."""
        now = self._clock.monotonic()
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - now - self._tolerance
        if wait > _ROUNDING:
            return wait
        self._full_at[key] = full_at + self._interval
        self._full_at.move_to_end(key)
        if len(self._full_at) > _MAX_BUCKETS:
            self._full_at.popitem(last=False)
        return 0.0


class Admission:
    """The limits of one node: for each user, for the publishers of each app, and for each connection of
    strangers, who have no token that can be read.
    """

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._max_in_flight = limits.calls_in_flight
        self._in_flight: dict[Owner, int] = {}
        self._rates: Final = {
            CallKind.CALL: limits.calls_per_second,
            CallKind.SUBSCRIBE: limits.subscribes_per_second,
            CallKind.ACKNOWLEDGE: limits.acknowledges_per_second,
        }
        self._buckets: Final[dict[CallKind, Buckets[Owner]]] = {
            CallKind.CALL: Buckets(clock, limits.calls_per_second, limits.calls_per_second),
            # All devices of a user may come back at once, and again after a while.
            CallKind.SUBSCRIBE: Buckets(
                clock, limits.subscribes_per_second, 10 * limits.subscribes_per_second
            ),
            CallKind.ACKNOWLEDGE: Buckets(
                clock, limits.acknowledges_per_second, limits.acknowledges_per_second
            ),
        }
        self._stranger_rate: Final = limits.stranger_calls_per_second
        self._strangers: Buckets[str] = Buckets(clock, self._stranger_rate, self._stranger_rate)

    def begin(self, principal: Principal, kind: CallKind) -> None:
        """Count a call that begins; raises TooFrequent."""
        wait = self._buckets[kind].take(_owner(principal))
        if wait:
            what = f"{kind.value} a second"
            raise _limited(TooFrequent, _subject(principal), what, self._rates[kind], wait)

    @contextmanager
    def under_way(self, principal: Principal) -> Iterator[None]:
        """For as long as a call goes on; raises RateLimited at the beginning."""
        owner = _owner(principal)
        count = self._in_flight.get(owner, 0)
        if count >= self._max_in_flight:
            raise _limited(RateLimited, _subject(principal), "calls at a time", self._max_in_flight, _RETRY)
        self._in_flight[owner] = count + 1
        try:
            yield
        finally:
            left = self._in_flight[owner] - 1
            if left:
                self._in_flight[owner] = left
            else:
                del self._in_flight[owner]

    def stranger(self, connection: str) -> None:
        """Count a call of somebody unknown on a connection; raises TooFrequent."""
        wait = self._strangers.take(connection)
        if wait:
            what = "calls a second without a good token"
            raise _limited(TooFrequent, "connection", what, self._stranger_rate, wait)


def _owner(principal: Principal) -> Owner:
    return principal.app_id, principal.user_id


def _subject(principal: Principal) -> str:
    return f"user:{principal.user_id}" if principal.user_id else f"app:{principal.app_id}"


def _limited(kind: type[RateLimited], subject: str, what: str, limit: int, wait: float) -> RateLimited:
    return kind(f"more than {limit} {what}; try again later", subject=subject, limit=limit, retry_delay=wait)
