"""Limits on how many calls a caller may have in flight, and begin in a second."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

from unisono.server.clock import Clock
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.buckets import Buckets
from unisono.server.errors import RateLimited, TooFrequent
from unisono.server.fair_queue import Owner
from unisono.server.model import Limits

IN_FLIGHT: Final = "in_flight"
STRANGER: Final = "stranger"
"""What is limited besides the kinds of calls."""

_RETRY: Final = 1.0
"""The `retry_delay` of a call that is refused because too many are in flight, in seconds."""

HOOK_CALLS_PER_SECOND: Final = 10
HOOK_CALLS_AT_ONCE: Final = 30
"""Limits on each hook, the first one on average: what people are to read comes no faster."""

UNPROVEN: Final = 128
UNPROVEN_PER_ADDRESS: Final = 16
"""Requests of hooks that may be received at a time before it is known who sends them, of 256 KiB each."""

ADMIN_CALLS_PER_SECOND: Final = 10
ADMIN_CALLS_AT_ONCE: Final = 30
ADMIN_CALLS_IN_FLIGHT: Final = 4
"""Limits on all admins together, the first one on average: people ask, and an answer reads much of a feed."""


def _nowhere(connection: str) -> str | None:
    return None


class CallKind(Enum):
    """The kind of a call. Each has a rate of its own: after a restart all devices subscribe and acknowledge
    at once, which is no attack.
    """

    CALL = "calls"
    SUBSCRIBE = "subscriptions"
    ACKNOWLEDGE = "acknowledgements"
    ADMIN = "calls of admins"
    HOOK = "calls of a hook"


class Admission:
    """Admits calls to one node: limits those of each user, of the publishers of each app, of the admins, and,
    where the caller is not known, of each connection.
    """

    def __init__(
        self, clock: Clock, limits: Limits, *, address_of: Callable[[str], str | None] = _nowhere
    ) -> None:
        """`address_of` returns the address that a connection comes from, None where others share it."""
        self._address_of: Final = address_of
        self._max_in_flight = limits.calls_in_flight
        self._in_flight: dict[Owner, int] = {}
        self._rates: Final = {
            CallKind.CALL: limits.calls_per_second,
            CallKind.SUBSCRIBE: limits.subscribes_per_second,
            CallKind.ACKNOWLEDGE: limits.acknowledges_per_second,
            CallKind.ADMIN: ADMIN_CALLS_PER_SECOND,
            CallKind.HOOK: HOOK_CALLS_PER_SECOND,
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
            CallKind.ADMIN: Buckets(clock, ADMIN_CALLS_PER_SECOND, ADMIN_CALLS_AT_ONCE),
            CallKind.HOOK: Buckets(clock, HOOK_CALLS_PER_SECOND, HOOK_CALLS_AT_ONCE),
        }
        #: How many calls were refused by each limit.
        self.refused: Final[Counter[str]] = Counter(
            dict.fromkeys((*(kind.name.lower() for kind in CallKind), IN_FLIGHT, STRANGER), 0)
        )
        self._stranger_rate: Final = limits.stranger_calls_per_second
        self._strangers: Buckets[str] = Buckets(clock, self._stranger_rate, self._stranger_rate)
        self._heard: Counter[str | None] = Counter()

    def begin(self, principal: Principal, kind: CallKind) -> None:
        """Count a call against the rate of its caller. Raises `TooFrequent`, with the seconds to wait, when
        the rate is exceeded; such a call does not count.
        """
        is_hook = kind is CallKind.HOOK
        owner = (principal.app_id, principal.client_id) if is_hook else _owner(principal)
        wait = self._buckets[kind].take(owner)
        if wait:
            self.refused[kind.name.lower()] += 1
            subject = principal.client_id if is_hook else _subject(principal)
            raise _limited(TooFrequent, subject, f"{kind.value} a second", self._rates[kind], wait)

    @contextmanager
    def count_in_flight(self, principal: Principal) -> Iterator[None]:
        """Count a call as in flight until the end of `with`. Raises `RateLimited` at its beginning when the
        caller has `Limits.calls_in_flight` calls already, or the admins have their few.
        """
        owner = _owner(principal)
        count = self._in_flight.get(owner, 0)
        most = ADMIN_CALLS_IN_FLIGHT if principal.role is Role.ADMIN else self._max_in_flight
        if count >= most:
            self.refused[IN_FLIGHT] += 1
            raise _limited(RateLimited, _subject(principal), "calls at a time", most, _RETRY)
        self._in_flight[owner] = count + 1
        try:
            yield
        finally:
            left = self._in_flight[owner] - 1
            if left:
                self._in_flight[owner] = left
            else:
                del self._in_flight[owner]

    def count_stranger(self, connection: str) -> None:
        """Count a call whose caller is not known against the rate of its connection. Raises `TooFrequent`
        as `begin` does.
        """
        wait = self._strangers.take(connection)
        if wait:
            self.refused[STRANGER] += 1
            what = "calls a second without a good token"
            raise _limited(TooFrequent, "connection", what, self._stranger_rate, wait)

    @contextmanager
    def proving(self, connection: str) -> Iterator[None]:
        """Count a call as a stranger's until the end of `with`, and for good where that raises.

        Raises as `count_stranger` at its beginning.
        """
        self.count_stranger(connection)
        yield
        self._strangers.give_back(connection)

    @contextmanager
    def hearing(self, connection: str) -> Iterator[None]:
        """Hold a place until the end of `with` for a request that has to be heard to know who sends it.

        Raises `RateLimited` where there is none, in all or for the address that the connection comes from.
        """
        address = self._address_of(connection)
        heard = self._heard[address] if address else 0
        most = UNPROVEN_PER_ADDRESS if heard >= UNPROVEN_PER_ADDRESS else UNPROVEN
        if max(heard, self._heard.total()) >= most:
            self.refused[IN_FLIGHT] += 1
            what = "requests at a time before it is known who sends them"
            raise _limited(RateLimited, "connection", what, most, _RETRY)
        self._heard[address] += 1
        try:
            yield
        finally:
            self._heard[address] -= 1
            if not self._heard[address]:
                del self._heard[address]


def _owner(principal: Principal) -> Owner:
    return principal.app_id, principal.user_id


def _subject(principal: Principal) -> str:
    if principal.role is Role.ADMIN:
        return "admins"
    return f"user:{principal.user_id}" if principal.user_id else f"app:{principal.app_id}"


def _limited(kind: type[RateLimited], subject: str, what: str, limit: int, wait: float) -> RateLimited:
    return kind(f"more than {limit} {what}; try again later", subject=subject, limit=limit, retry_delay=wait)
