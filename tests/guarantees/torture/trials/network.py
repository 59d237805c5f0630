"""Trials *cut*, *away*, *slow* and *corrupt*: connections through proxies with faults of the network."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import count, cycle
from random import Random
from typing import Final

from tests.guarantees.torture.context import USERS, TrialContext
from tests.guarantees.torture.network_faults import CorruptingProxy, CuttingProxy, SlowProxy
from tests.guarantees.torture.trial import Trial
from tests.support.proxies import Proxy, carrying
from tests.support.server_certificate import issued
from unisono.client import Transport
from unisono.verify.load.access import Connect
from unisono.verify.load.traffic import PLATFORMS

#: The number of proxies: one for the backend, and one for each device.
_PROXIES: Final = 1 + len(USERS) * len(PLATFORMS)

#: After how many messages at most a connection is cut: at Welcome, in a catch-up, or later.
_LONGEST: Final = 12

#: Cuts in a round, removals at most, and seconds of a round on slow proxies.
_CUTS: Final = 40
_REMOVALS: Final = 25
_SPAN: Final = 1.5


class Count:
    """A counter of faults that can be waited for."""

    def __init__(self) -> None:
        self.value = 0
        self._changed = asyncio.Event()

    def __call__(self) -> None:
        self.value += 1
        self._changed.set()

    async def reaches(self, value: int) -> None:
        while self.value < value:
            self._changed.clear()
            await self._changed.wait()


async def proxies(stack: AsyncExitStack, make: Callable[[int], Proxy]) -> list[str]:
    """Run a proxy for each client of the workload, and return their addresses."""
    return [(await stack.enter_async_context(carrying(make(number)))).target for number in range(_PROXIES)]


def through(context: TrialContext, addresses: list[str]) -> Connect:
    """Return a function that connects through the next of the proxies each time."""
    left = iter(addresses)

    def connect() -> Transport:
        return context.straight(next(left))

    return connect


async def cut(context: TrialContext) -> None:
    """Cut every connection after one message, then after two, and so on, and again."""
    async with context.server() as server, AsyncExitStack() as stack:
        cuts = Count()

        def note() -> None:
            context.recorder.annotate("CUT")
            cuts()

        def proxy(number: int) -> Proxy:
            lengths = cycle(range(1, _LONGEST + 1)) if number % 2 else cycle(range(_LONGEST, 0, -1))
            return CuttingProxy(server.address, lengths, note)

        way = through(context, await proxies(stack, proxy))
        async with context.traffic(server.address, connect=way):
            for _ in range(context.rounds):
                await cuts.reaches(cuts.value + _CUTS)
                context.done()


async def away(context: TrialContext) -> None:
    """Block half of the devices in each round, until removals that they miss are purged."""
    env = {"UNISONO_TOMBSTONES_PER_FEED": "1", "UNISONO_SWEEP_INTERVAL": "0.1"}
    async with context.server(env=env) as server, AsyncExitStack() as stack:
        opened: list[Proxy] = []

        def open_proxy(_: int) -> Proxy:
            opened.append(Proxy(server.address))
            return opened[-1]

        way = through(context, await proxies(stack, open_proxy))
        async with context.traffic(server.address, connect=way):
            for _ in range(context.rounds):
                gone = context.random.sample(opened[1:], _PROXIES // 2)
                for proxy in gone:
                    proxy.block()
                await context.calls("DeleteNotification", context.random.randint(1, _REMOVALS))
                for proxy in gone:
                    proxy.unblock()
                context.done()


async def slow(context: TrialContext) -> None:
    """Delay, stall and split what is passed on."""
    async with context.server() as server, AsyncExitStack() as stack:
        chance = count(context.seed)
        way = through(context, await proxies(stack, lambda _: SlowProxy(server.address, _chance(chance))))
        async with context.traffic(server.address, connect=way):
            for _ in range(context.rounds):
                await asyncio.sleep(_SPAN)
                context.done()


async def corrupt(context: TrialContext) -> None:
    """Flip bits under TLS: each must only break a connection."""
    certificate = issued(context.folder)
    context.root = certificate.root
    async with context.server(*certificate.flags) as server, AsyncExitStack() as stack:
        corruptions, chance = Count(), count(context.seed)

        def note() -> None:
            context.recorder.annotate("CORRUPTED")
            corruptions()

        proxy = partial(CorruptingProxy, server.address, corrupted=note)
        addresses = await proxies(stack, lambda _: proxy(random=_chance(chance)))
        way = through(context, addresses)
        async with context.traffic(server.address, connect=way):
            for _ in range(context.rounds):
                await corruptions.reaches(corruptions.value + _CUTS // 4)
                context.done()


def _chance(seeds: "count[int]") -> Random:
    return Random(next(seeds))  # noqa: S311


CUT: Final = Trial(
    name="cut",
    says="the connection cut after every single message",
    run=cut,
    full=100,
    short=1,
)
AWAY: Final = Trial(
    name="away",
    says="devices away for so long that removals are forgotten",
    run=away,
    full=40,
    short=1,
)
SLOW: Final = Trial(
    name="slow",
    says="proxies that delay, stall and split",
    run=slow,
    full=20,
    short=1,
)
CORRUPT: Final = Trial(
    name="corrupt",
    says="proxies that turn bits, under TLS",
    run=corrupt,
    full=40,
    short=1,
)
