"""Trials *hostile* and *proxied*: beside attacks, memory stays bounded, and good calls stay quick."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.guarantees.torture import siege
from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.siege import HERE, Siege
from tests.guarantees.torture.tools import HAPROXY
from tests.guarantees.torture.trial import Trial
from tests.support import transports
from tests.support.attacks.process import attack
from tests.support.attacks.settings import PROXY, attacked
from tests.support.haproxy import haproxy
from tests.support.http2.stranger import Target
from tests.support.processes import Environment
from unisono.client import Publisher
from unisono.server.api.http.timeouts import Timeouts

SHORT: Final = 1

#: Attacks that a server withstands by itself, and where they come from.
ALONE: Final = tuple((name, HERE) for name in ("resets", "headers", "small_bodies", "lists"))

#: How long the server waits for what an attack holds, in seconds, and how long it may take besides. How long
#: our own transport waits for a request to begin cannot be set.
WAIT: Final = 3
MARGIN: Final = 5.0
WAITS: Final = {"held": Timeouts().handshake} if transports.NAME == "http" else {}
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

#: Those that a server on our own transport withstands besides, without a proxy.
ON_HTTP: Final = (
    *PROXIED.items(),
    ("floods", "127.0.0.5"),
    ("pages", "127.0.0.6"),
    ("forged", "127.0.0.7"),
    ("forged_by_many", "127.0.0.8"),
    ("forged_behind_a_proxy", PROXY),
)

ATTACKS: Final = (*ALONE, *ON_HTTP) if transports.NAME == "http" else ALONE
BOUNDS: Final = siege.ON_HTTP if transports.NAME == "http" else siege.ON_GRPCIO


async def withstands(context: TrialContext) -> None:
    """Run each attack in each round: in a whole run on a server of its own, so that their memory is kept
    apart. In the end, check that the server gives up in time all that an attack holds.
    """
    whole = context.rounds > SHORT
    trusting = {"UNISONO_TRUSTED_PROXIES": PROXY} if transports.NAME == "http" else {}
    env = {**attacked(context.folder), **trusting}
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(context.server(env=env, store=f"{number}.db"))
            for number in range(len(ATTACKS) if whole else 1)
        ]
        sieges = []
        for (name, source), server in zip(ATTACKS, cycle(servers), strict=False):
            caller = await stack.enter_async_context(context.backend(server.address))
            target = Target(address=server.address, source=source)
            sieges.append(besieging(context, name, target, server, caller))
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
                sieges = [
                    besieging(context, name, target, server, caller) for name, target in targets.items()
                ]
                await besieged(context, sieges)


def besieging(context: TrialContext, name: str, target: Target, server: Server, caller: Publisher) -> Siege:
    return Siege(name, target, server.process.pid, caller, BOUNDS, whole=context.rounds > SHORT)


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
            since, allowed = context.recorder.clock(), WAITS.get(name, WAIT) + MARGIN
            await attacking.over(timeout=allowed + context.timeout)
            context.took(f"{name}: all are gone after, in s", context.recorder.clock() - since, allowed)


HOSTILE: Final = Trial(
    name="hostile",
    says="rapid resets, requests that are never whole, and what a transport bounds, beside good calls",
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
