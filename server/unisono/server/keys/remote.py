"""The keys that an issuer publishes: fetched in the background, and served while the issuer is down.

Nobody waits for a fetch: who needs a key that is not there yet is told when to come back.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final, Protocol

import structlog

from unisono.server.clock import Clock, SingleWaiterEvent
from unisono.server.failure_log import FailureLog
from unisono.server.keys.base import FetchError, Key, KeyStatus, KeysUnavailable, UnusableKeys

log = structlog.get_logger(__name__)

HINT_INTERVAL: Final = 30.0
"""Seconds from one fetch to the next that tokens with unknown key ids cause, at least."""

KIDS_MAX: Final = 1000
"""The most key ids that are looked for, and as many that are known not to exist."""

KID_ABSENT_FOR: Final = 300.0
"""Seconds for which a key id that was not there is not looked for again."""

FIRST_RETRY, LAST_RETRY = 1.0, 60.0
"""Seconds until the next try after the first failure; each failure doubles them, up to the second number."""


class FetchKeys(Protocol):
    """Fetches the keys of an issuer."""

    async def __call__(self) -> Sequence[Key]:
        """Return the keys. Raises `FetchError` or `UnusableKeys`."""

    async def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Seconds after which keys are fetched again, and for which they are used where that fails."""

    refresh: float = 300.0
    stale_max: float = 24 * 3600.0


class RemoteKeys:
    """The keys of the issuer `name`, fetched by `fetch` one at a time."""

    def __init__(
        self,
        name: str,
        fetch: FetchKeys,
        clock: Clock,
        freshness: Freshness = Freshness(),
    ) -> None:
        self._name = name
        self._fetch = fetch
        self._clock = clock
        self._failures = FailureLog("the keys of an issuer cannot be fetched", clock.monotonic)
        self._freshness = freshness
        self._keys: Sequence[Key] = ()
        self._generation = 0
        self._fetched_at = self._tried_at = float("-inf")
        self._next = clock.monotonic()
        self._failed = 0
        self._failed_in_all = 0
        self._fetching = False
        self._wanted: set[str] = set()
        self._absent: OrderedDict[str, float] = OrderedDict()
        self._wake = SingleWaiterEvent()
        self._task: asyncio.Task[None] | None = None

    @property
    def status(self) -> KeyStatus:
        """See `KeySource.status`."""
        age = self._clock.monotonic() - self._fetched_at
        return KeyStatus(
            available=age <= self._freshness.stale_max,
            age=age if isfinite(age) else None,
            failures=self._failed_in_all,
        )

    @property
    def generation(self) -> int:
        """See `KeySource.generation`."""
        return self._generation

    def current(self) -> Sequence[Key]:
        """See `KeySource.current`."""
        if self._clock.monotonic() - self._fetched_at > self._freshness.stale_max:
            raise KeysUnavailable(self._until_next())
        return self._keys

    def look_for(self, kid: str) -> None:
        """See `KeySource.look_for`. Tokens may name any key: they cause a fetch each 30 seconds at most."""
        now = self._clock.monotonic()
        if self._absent.get(kid, now) > now or len(self._wanted) >= KIDS_MAX:
            return
        if self._fetching:
            # What is under way may bring it: whoever comes again after that is told, or has it looked for.
            raise KeysUnavailable(FIRST_RETRY)
        self._wanted.add(kid)
        self._bring_forward(max(now, self._tried_at + HINT_INTERVAL))
        raise KeysUnavailable(self._until_next())

    def reload(self) -> None:
        """Fetch the keys now."""
        self._bring_forward(self._clock.monotonic())

    async def refresh(self) -> None:
        """See `KeySource.refresh`."""
        asked, self._wanted = self._wanted, set()
        self._on_keys(await self._fetch(), asked)

    async def start(self) -> None:
        """Begin to fetch."""
        self._task = asyncio.create_task(self._run(), name=f"keys of {self._name}")

    async def close(self) -> None:
        """See `KeySource.close`."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._fetch.close()

    def _until_next(self) -> float:
        """Return the seconds until the next fetch has ended, or the one that runs, about."""
        wait = self._next - self._clock.monotonic()
        return FIRST_RETRY + (max(wait, 0.0) if isfinite(wait) else 0.0)

    def _bring_forward(self, time: float) -> None:
        if time < self._next:
            self._next = time
            self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wait = self._next - self._clock.monotonic()
            if wait > 0:
                await self._clock.wait(self._wake, wait)
            else:
                await self._renew()

    async def _renew(self) -> None:
        self._tried_at = self._clock.monotonic()
        # What is asked for from now on is not answered by this fetch: the next one may be brought forward.
        self._next = float("inf")
        asked, self._wanted = self._wanted, set()
        # A failure that nobody foresaw must not end the fetching.
        try:
            keys = await self._fetched()
        except (FetchError, UnusableKeys) as error:
            self._on_failure(error, asked)
        except Exception as error:
            log.exception("fault while fetching the keys of an issuer", issuer=self._name)
            self._on_failure(error, asked)
        else:
            self._on_keys(keys, asked)

    async def _fetched(self) -> Sequence[Key]:
        self._fetching = True
        try:
            return await self._fetch()
        finally:
            self._fetching = False

    def _on_failure(self, error: Exception, asked: set[str]) -> None:
        self._failed_in_all += 1
        wait = min(FIRST_RETRY * 2**self._failed, LAST_RETRY)
        self._failed = min(self._failed + 1, 10)
        self._bring_forward(self._clock.monotonic() + wait)
        self._wanted |= asked
        self._failures.add(self._name, error)

    def _on_keys(self, keys: Sequence[Key], asked: set[str]) -> None:
        now = self._clock.monotonic()
        if self._failed or self._fetched_at < 0:
            log.info("the keys of an issuer were fetched", issuer=self._name, keys=len(keys))
        # What was taken back is not looked for: its tokens are to be renewed at once.
        gone = asked | {key.kid for key in self._keys if key.kid is not None}
        if tuple(keys) != tuple(self._keys):
            self._keys = keys
            self._generation += 1
        self._failed = 0
        self._fetched_at = now
        # Spread, so that many nodes do not ask at the same moments.
        self._bring_forward(now + self._freshness.refresh * random.uniform(0.9, 1.1))  # noqa: S311
        for kid in gone - {key.kid for key in keys}:
            self._absent[kid] = now + KID_ABSENT_FOR
            self._absent.move_to_end(kid)
            if len(self._absent) > KIDS_MAX:
                self._absent.popitem(last=False)
