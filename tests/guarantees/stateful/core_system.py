"""The core of a node, the devices of two users, and the history of what they receive."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from tests.guarantees.stateful.broken_promises import broken_in
from tests.guarantees.stateful.core_calls import CoreCalls
from tests.guarantees.stateful.core_device import CoreDevice
from tests.guarantees.stateful.core_parts import Core, shown
from tests.guarantees.stateful.times import told_by
from tests.support.buses import LossyBus, NullBus
from tests.support.clocks import FakeClock
from tests.support.random_commands import LAPTOP, PHONE, RandomCommands
from unisono.server.bus.local import LocalBus
from unisono.server.core.decide.commands import Command
from unisono.server.model import Audience, FeedKey, Platform
from unisono.server.store.reads import ListFilter
from unisono.verify.history import History

FEEDS = (FeedKey("mail.test", "ada"), FeedKey("mail.test", "bob"))
AUDIENCES = (LAPTOP, PHONE, Audience("tv", Platform.WEB))
BUSES: dict[str, Callable[[Random], LocalBus]] = {
    "local": lambda random: LocalBus(),
    "lossy": LossyBus,
    "deaf": lambda random: NullBus(),
}
PLENTY = 10**9


class CoreSystem:
    """A core with its devices and history. Random values come from `random`, which the caller seeds."""

    def __init__(self, path: Path) -> None:
        self.clock = FakeClock()
        self.random = Random(0)  # noqa: S311
        self._path = path
        self._history = History()
        self._time = told_by(self.clock)
        self._calls = CoreCalls(history=self._history, time=self._time)
        self._commands = {feed: RandomCommands(self.random, feed) for feed in FEEDS}
        self.core = Core(path, LocalBus(), self.clock)
        self.devices = [
            CoreDevice(feed, audience, self._history, self._time) for feed in FEEDS for audience in AUDIENCES
        ]

    async def close(self) -> None:
        """Cut all streams, and close the core."""
        for device in self.devices:
            await device.drop()
        await self.core.close()

    async def restart(self, bus: str) -> None:
        """Replace the core by another one on the same file, with this bus of `BUSES`."""
        await self.close()
        self.core = Core(self._path, BUSES[bus](self.random), self.clock)
        await self.core.open()

    def one_that_may_miss(self, feed: FeedKey) -> CoreDevice:
        """Return the device of a feed that may begin at its END."""
        return next(d for d in self.devices if (d.feed, d.audience) == (feed, AUDIENCES[-1]))

    async def commit(self, of: Sequence[FeedKey]) -> None:
        """Commit a random command to each of these feeds, all at once."""
        commands = [await self._command(feed) for feed in of]
        await asyncio.gather(*(self._calls.commit(self.core, command) for command in commands))

    async def settle(self) -> None:
        """Leave all devices alone for a while, and assert that they hold what the store has for them."""
        last = {key: await self._calls.last(self.core, key) for key in FEEDS}
        for device in self.devices:
            await device.settle(self.core, last[device.feed])
        for key in FEEDS:
            await self._calls.look(self.core, key)
        for device in self.devices:
            await self._compare(device)

    def judge(self) -> None:
        """Assert that the history breaks no promise."""
        broken = broken_in(self._history)
        assert not broken, broken

    async def _command(self, key: FeedKey) -> Command:
        rows = await self.core.store.find(key, ids=sorted(self._calls.sent))
        return self._commands[key].one(rows, self.clock.now())

    async def _compare(self, device: CoreDevice) -> None:
        where = ListFilter(audience=device.audience)
        page = await self.core.store.history(device.feed, where, before=None, limit=PLENTY, max_bytes=PLENTY)
        feed = await self.core.store.feed(device.feed)
        assert feed is not None
        device.past.held.compare(feed.revision, shown(page), feed.unread_count(device.audience))
