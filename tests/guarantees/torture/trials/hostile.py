"""Trials *hostile* and *proxied*: beside attacks, memory stays bounded, and good calls stay quick."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.siege import Siege
from tests.guarantees.torture.tools import HAPROXY
from tests.guarantees.torture.trial import Trial
from tests.support.attacks.process import attack
from tests.support.haproxy import haproxy
from tests.support.http2.stranger import Target
from tests.support.processes import Environment
from unisono.client import Publisher

SHORT: Final = 1

#: Attacks that a server withstands by itself.
ALONE: Final = ("resets", "headers", "small_bodies", "lists")

#: How long the server waits for what an attack holds, in seconds, and how long it may take besides.
WAIT: Final = 3
MARGIN: Final = 5.0
IMPATIENT: Final[Environment] = {
    "UNISONO_CONNECTION_IDLE": str(WAIT),
    "UNISONO_REQUEST_TIMEOUT": str(WAIT),
}
ENDED: Final = ("held", "headers", "small_bodies")

#: Attacks that a server withstands with the proxy in front. Each comes from an address of its own, so that
#: the proxy's limits for one address do not affect the others.
PROXIED: Final[Mapping[str, str]] = {
    "large_bodies": "127.0.0.2",
    "held_again": "127.0.0.3",
    "resets": "127.0.0.4",
}


async def withstands(context: TrialContext) -> None:
    """Run each attack in each round: in a whole run on a server of its own, so that their memory is kept
    apart. In the end, check that the server gives up in time all that an attack holds.
    """
    whole = context.rounds > SHORT
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(context.server(store=f"{name}.db"))
            for name in (ALONE if whole else ALONE[:1])
        ]
        sieges = []
        for name, server in zip(ALONE, cycle(servers), strict=False):
            caller = await stack.enter_async_context(context.backend(server.address))
            sieges.append(siege(context, name, Target(address=server.address), server, caller))
        await besieged(context, sieges)
    async with context.server(env=IMPATIENT) as server:
        await gives_up(context, Target(address=server.address))


async def withstands_behind_a_proxy(context: TrialContext) -> None:
    """Run each attack in each round through the proxy as it ships, and the good calls, too."""
    async with context.server() as server:
        with haproxy(server.address, Path(mkdtemp(dir=context.folder))) as proxy:
            context.root = proxy.root.read_bytes()
            async with context.backend(proxy.address) as caller:
                targets = {
                    name: Target(address=proxy.address, source=source, root=str(proxy.root))
                    for name, source in PROXIED.items()
                }
                sieges = [siege(context, name, target, server, caller) for name, target in targets.items()]
                await besieged(context, sieges)


def siege(context: TrialContext, name: str, target: Target, server: Server, caller: Publisher) -> Siege:
    return Siege(name, target, server.process.pid, caller, whole=context.rounds > SHORT)


async def besieged(context: TrialContext, sieges: Sequence[Siege]) -> None:
    """Run a round of each siege, one after the other, and record the values of all rounds."""
    for each in sieges:
        await each.calls(seconds=0.5)
    for _ in range(context.rounds):
        for each in sieges:
            await each.round()
        context.done()
    for each in sieges:
        each.write(context)


async def gives_up(context: TrialContext, target: Target) -> None:
    """Measure when the server has ended all that an attack holds."""
    for name in ENDED:
        async with attack(name, target) as attacking:
            await attacking.begin()
            since = context.recorder.clock()
            await attacking.over(timeout=WAIT + MARGIN + context.timeout)
            context.took(f"{name}: all are gone after, in s", context.recorder.clock() - since, WAIT + MARGIN)


HOSTILE: Final = Trial(
    name="hostile",
    says="rapid resets, requests that are never whole, and lists without end, beside good calls",
    run=withstands,
    full=5,
    short=SHORT,
)
PROXIED_ATTACKS: Final = Trial(
    name="proxied",
    says="bodies of megabytes, held connections and rapid resets at the proxy, beside good calls",
    run=withstands_behind_a_proxy,
    full=5,
    short=SHORT,
    needs=(HAPROXY,),
)
