"""Random histories of the core of a node: commits, time, purges, and streams that are cut and resumed."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.guarantees.stateful.async_machine import AsyncStateMachine
from tests.guarantees.stateful.core_device import CoreDevice
from tests.guarantees.stateful.core_system import AUDIENCES, BUSES, FEEDS, CoreSystem
from unisono.server.model import FeedKey
from unisono.server.store.reads import PurgeBounds

seeds = st.integers(0, 2**16)
buses = st.sampled_from(tuple(BUSES))
feeds = st.sampled_from(FEEDS)
devices = st.integers(0, len(FEEDS) * len(AUDIENCES) - 1)
several = st.lists(feeds, min_size=1, max_size=6)
limits = st.sampled_from((1, 3, 1000))
counts = st.integers(1, 5)


class CoreMachine(AsyncStateMachine):
    """A machine of a core and its devices: all promises must hold. Random values come from seeds."""

    def __init__(self, path: Path) -> None:
        self._system = CoreSystem(path)
        super().__init__()

    async def begin(self) -> None:
        await self._system.core.open()

    async def finish(self) -> None:
        await self._system.settle()
        self._system.judge()

    async def release(self) -> None:
        await self._system.close()

    @initialize(bus=buses, seed=seeds, of=st.lists(feeds, max_size=12))
    def start(self, bus: str, seed: int, of: list[FeedKey]) -> None:
        self.run(self._system.restart(bus))
        self.run(self._commit(seed, of))

    @rule(seed=seeds, of=several)
    def commit(self, seed: int, of: list[FeedKey]) -> None:
        self.run(self._commit(seed, of))

    @rule(seed=seeds, of=several, device=devices, count=counts)
    def commit_while_reading(self, seed: int, of: list[FeedKey], device: int, count: int) -> None:
        self.run(self._together(self._commit(seed, of), self._system.devices[device].take(count)))

    @rule(seconds=st.sampled_from((0.5, 2, 5, 31)), sweep=st.booleans())
    def let_time_pass(self, seconds: float, sweep: bool) -> None:
        self._system.clock.advance(seconds)
        if sweep:
            self.run(self._system.core.sweeper.sweep())

    @rule(age=st.sampled_from((0, 2_000, 30_000)), keep=st.sampled_from((0, 2, 1000)), limit=limits)
    def purge(self, age: int, keep: int, limit: int) -> None:
        what = PurgeBounds(
            tombstones_before=self._system.clock.now() + 1 - age,
            tombstones_per_feed=keep,
            endpoints_before=0,
            deletions_before=0,
            limit=limit,
        )
        self.run(self._system.core.store.purge(what))

    @rule(device=devices, cut=st.booleans(), count=counts)
    def resume(self, device: int, cut: bool, count: int) -> None:
        """The stream before is cut, or superseded."""
        self.run(self._open(self._system.devices[device], count, cut=cut))

    @rule(device=devices, count=counts)
    def begin_anew(self, device: int, count: int) -> None:
        self._system.devices[device].past.begin()
        self.run(self._open(self._system.devices[device], count))

    @rule(feed=feeds, count=counts)
    def begin_at_the_end(self, feed: FeedKey, count: int) -> None:
        device = self._system.one_that_may_miss(feed)
        device.past.begin()
        self.run(self._open(device, count, from_end=True))

    @rule(device=devices, number=st.integers(0, 500), count=counts)
    def resume_from_earlier(self, device: int, number: int, count: int) -> None:
        self._system.devices[device].past.rewind(number)
        self.run(self._open(self._system.devices[device], count))

    @rule(device=devices, count=st.sampled_from((1, 2, 20)))
    def take(self, device: int, count: int) -> None:
        self.run(self._system.devices[device].take(count))

    @rule(device=devices)
    def drop(self, device: int) -> None:
        self.run(self._system.devices[device].drop())

    @rule()
    def drop_everybody(self) -> None:
        for device in self._system.devices:
            self.run(device.drop())

    @rule(bus=buses)
    def restart(self, bus: str) -> None:
        self.run(self._system.restart(bus))

    @rule()
    def settle(self) -> None:
        self.run(self._system.settle())
        self._system.judge()

    async def _commit(self, seed: int, of: list[FeedKey]) -> None:
        self._system.random.seed(seed)
        await self._system.commit(of)

    async def _together(self, *works: Awaitable[None]) -> None:
        await asyncio.gather(*works)

    async def _open(
        self, device: CoreDevice, count: int, *, from_end: bool = False, cut: bool = True
    ) -> None:
        await device.open(self._system.core, from_end=from_end, cut=cut)
        await device.take(count)
