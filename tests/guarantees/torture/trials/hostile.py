"""Attacks on a server beside calls that are good: its memory stays bounded, and the calls stay quick."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from tests.guarantees.torture.bench import Bench
from tests.guarantees.torture.siege import Siege
from tests.guarantees.torture.tools import HAPROXY
from tests.guarantees.torture.trial import Trial
from tests.support.attacks.process import attack
from tests.support.haproxy import haproxy
from tests.support.http2.stranger import Target
from tests.support.processes import Environment

SHORT: Final = 1

#: What a server withstands by itself, and what with the proxy in front.
ALONE: Final = ("resets", "headers", "small_bodies", "lists")
PROXIED: Final = ("large_bodies", "held_again")

#: What the server waits for at most, in seconds, where it is to be seen that it waits for no more; and how
#: long it may take besides: a connection that never says anything is given up after 15 s by default.
WAIT: Final = 3
MARGIN: Final = 17.0
IMPATIENT: Final[Environment] = {
    "UNISONO_CONNECTION_IDLE": str(WAIT),
    "UNISONO_REQUEST_TIMEOUT": str(WAIT),
}
ENDED: Final = ("held", "headers", "small_bodies")

#: Attacks come from here, so that what the proxy refuses an address is not refused to the others.
ELSEWHERE: Final = "127.0.0.2"


async def withstands(bench: Bench) -> None:
    """Each attack in each round; in the end, all that holds something is given up in time."""
    async with bench.server() as server:
        target = Target(address=server.address)
        await besieged(bench, ALONE, target, server.process.pid)
    async with bench.server(env=IMPATIENT) as server:
        await gives_up(bench, Target(address=server.address))


async def withstands_behind_a_proxy(bench: Bench) -> None:
    """Each attack in each round, through the proxy, as it ships."""
    async with bench.server() as server:
        with haproxy(server.address, Path(mkdtemp(dir=bench.folder))) as proxy:
            bench.root = proxy.root.read_bytes()
            target = Target(address=proxy.address, source=ELSEWHERE, root=str(proxy.root))
            await besieged(bench, PROXIED, target, server.process.pid)


async def besieged(bench: Bench, attacks: Sequence[str], target: Target, pid: int) -> None:
    """Attack and leave in peace in turn, and write down what it did."""
    async with bench.backend(target.address, patience=Siege.PATIENCE) as caller:
        sieges = [Siege(name, target, pid, caller, whole=bench.rounds > SHORT) for name in attacks]
        for siege in sieges:
            await siege.calls(seconds=0.5)
        for _ in range(bench.rounds):
            for siege in sieges:
                await siege.round()
            bench.done()
    for siege in sieges:
        siege.write(bench)


async def gives_up(bench: Bench, target: Target) -> None:
    """Nothing that a stranger holds is held for longer than the server was told to."""
    for name in ENDED:
        async with attack(name, target) as attacking:
            await attacking.begin()
            since = bench.recorder.clock()
            with suppress(TimeoutError):
                await attacking.over(patience=2 * (WAIT + MARGIN))
            bench.measured(f"{name}: all are gone after, in s", bench.recorder.clock() - since, WAIT + MARGIN)


HOSTILE: Final = Trial(
    name="hostile",
    says="rapid resets, requests that are never whole, and lists without end, beside good calls",
    run=withstands,
    full=5,
    short=SHORT,
)
BEHIND: Final = Trial(
    name="behind",
    says="bodies of megabytes and held connections, with the proxy in front, beside good calls",
    run=withstands_behind_a_proxy,
    full=5,
    short=SHORT,
    needs=(HAPROXY,),
)
