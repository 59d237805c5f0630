"""Measures the latency of good calls, and the server's memory, beside one attack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Final

from tests.guarantees.torture.context import USERS, TrialContext
from tests.support.attacks.process import attack
from tests.support.http2.stranger import Target
from tests.support.process_stats import resident
from unisono.client import Publisher, UnisonoError

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What an attack may come to.

    By `growth` memory may grow, and `left` may be left of it afterwards, in MiB. The median of good calls may
    be `times` that of quiet phases, or `slow` milliseconds.
    """

    growth: float
    left: float
    times: float
    slow: float


ON_GRPCIO: Final = Bounds(growth=128, left=64, times=3, slow=20)
ON_HTTP: Final = Bounds(growth=32, left=32, times=2, slow=0)

#: The allowed longest call in milliseconds, beyond the longest of quiet phases. A short run, which shares its
#: cores with other work, is allowed a multiple, of the median too.
WORST: Final = 1_000.0
NOISE: Final = 10

#: Where good calls come from.
HERE: Final = "127.0.0.1"

#: Seconds of quiet and of attack, and how long memory may take to be freed afterwards.
PEACE: Final = 2.0
WAR: Final = 4.0
SHORT_PHASE: Final = 0.4
GRACE: Final = 30.0

#: The pause between two reads of the memory, in seconds.
_LOOK: Final = 0.05


class Siege:
    """Measures one kind of attack, round by round. Times are in milliseconds, memory in MiB."""

    def __init__(
        self, name: str, target: Target, pid: int, caller: Publisher, bounds: Bounds, *, whole: bool
    ) -> None:
        self._name, self._target, self._pid, self._caller = name, target, pid, caller
        self._bounds, self._whole = bounds, whole
        self._counts: dict[str, list[float]] = {}
        self._quiet: list[float] = []
        self._loaded: list[float] = []
        self._worst = self._worst_quiet = self._refused = 0.0
        self._before = self._peak = self._left = 0.0

    async def round(self) -> None:
        """Measure a quiet phase, then an attack, and wait until memory is freed, for 30 s at most."""
        self._before = self._before or self._memory()
        async with self._watched():
            async with attack(self._name, self._target) as attacking:
                before = await self.calls(PEACE if self._whole else SHORT_PHASE)
                await attacking.begin()
                found = await self.calls(WAR if self._whole else SHORT_PHASE)
            self._left = max(self._left, await self._comes_back())
        for what, count in attacking.counts.items():
            self._counts.setdefault(what, []).append(count)
        self._quiet.append(median(before))
        self._loaded.append(median(found))
        self._worst, self._worst_quiet = max(self._worst, *found), max(self._worst_quiet, *before)

    async def calls(self, seconds: float) -> list[float]:
        """Send one notification after the other for so many seconds, and return how long each took, in ms."""
        clock = asyncio.get_running_loop().time
        end, found = clock() + seconds, list[float]()
        while not found or clock() < end:
            began = clock()
            try:
                await self._caller.send(USERS[len(found) % len(USERS)], title="Hello")
            except UnisonoError:
                self._refused += 1
            found.append(1000 * (clock() - began))
            await asyncio.sleep(0.005)
        return found

    def write(self, context: TrialContext) -> None:
        """Annotate the history with the values of all rounds, for the judge."""
        times, quiet, name = 1 if self._whole else NOISE, median(self._quiet), self._label
        context.took(
            f"{name}: a good call, in ms",
            median(self._loaded),
            times * max(self._bounds.times * quiet, self._bounds.slow),
            quiet=quiet,
        )
        context.took(
            f"{name}: the slowest of them, in ms",
            self._worst,
            times * WORST + self._worst_quiet,
            quiet=self._worst_quiet,
        )
        context.measured(f"{name}: good calls that were refused", self._refused, 0)
        grown, left = self._peak - self._before, self._left - self._before
        context.measured(f"{name}: memory grew by, in MiB", grown, self._bounds.growth, before=self._before)
        context.measured(f"{name}: memory left of it, in MiB", left, self._bounds.left)
        for what, counts in self._counts.items():
            context.measured(f"{name}: {what} a second", median(counts), inf)

    @property
    def _label(self) -> str:
        """The name of the attack, and where it comes from, unless that is where good calls come from."""
        source = self._target.source
        return self._name if source == HERE else f"{self._name} from {source}"

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        """Record the peak of the memory inside the context."""

        async def watch() -> None:
            while True:
                self._peak = max(self._peak, self._memory())
                await asyncio.sleep(_LOOK)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _comes_back(self) -> float:
        """Wait until memory is freed, or the grace is over, and return it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while self._memory() - self._before > self._bounds.left:
                    await asyncio.sleep(_LOOK)
        return self._memory()

    def _memory(self) -> float:
        return resident(self._pid) / MIB
