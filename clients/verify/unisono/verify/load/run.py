"""One run against a deployment: everybody comes, traffic flows on a bad way, rests, and leaves no trace.

What happens is recorded; what it means is judged elsewhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from unisono.client import Backoff, Device, Status, Timing
from unisono.verify.load import strangers
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.cuts import Cuts
from unisono.verify.load.world import PATIENCE, World
from unisono.verify.recording import Recorder

#: Devices that come back soon, and ask for little else.
TIMING: Final = Timing(backoff=Backoff(first=0.05, most=2.0), acknowledge=1.0, heartbeat=timedelta(seconds=5))

#: How long everybody may take to connect, in seconds.
OPENING: Final = 30.0

#: Told what happens from now on, and for how many seconds, if that is known.
Stage = Callable[[str, float], None]


class Stuck(Exception):
    """Devices that do not get where they are to be; says how long was waited, and for whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to do. `seconds` is how long traffic flows, `rate` the calls a second for each user at most.

    `prefix` is what the names of all that is left begin with, and must be another one each time: the id
    of a deleted endpoint stays unusable. `calm` is without cuts.
    """

    users: Sequence[str]
    seconds: float
    rate: float
    seed: int
    prefix: str
    calm: bool = False


async def run(connect: Connect, access: Access, load: Load, recorder: Recorder, stage: Stage) -> None:
    """All of it. Raises `Stuck`, and what made traffic fail; what was recorded until then is there."""
    cuts = Cuts(recorder, load.seed)
    way = connect if load.calm else cuts.on(connect)
    async with _world(way, access, load, recorder) as world:
        stage(f"connecting {len(world.devices)} devices", 0.0)
        await _in_time(world.live(), OPENING, world)
        stage("traffic", load.seconds)
        world.begin()
        await world.go_on(load.seconds)
        cuts.stop()
        stage("coming to rest", 0.0)
        await _in_time(world.rest(), PATIENCE, world)
        await strangers.try_it(connect, access, recorder, load.users, f"{load.prefix}linux")


def _world(connect: Connect, access: Access, load: Load, recorder: Recorder) -> World:
    chance = Random(f"{load.seed} traffic")  # noqa: S311  no secret depends on it
    return World(
        connect,
        access,
        recorder,
        chance,
        users=load.users,
        timing=TIMING,
        prefix=load.prefix,
        rate=load.rate,
    )


async def _in_time(work: Awaitable[None], seconds: float, world: World) -> None:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise Stuck(f"after {seconds:g} s {_furthest_behind(world.devices)}") from None


def _furthest_behind(devices: Sequence[Device]) -> str:
    device = min(devices, key=lambda device: (device.status is Status.LIVE, device.revision))
    why = f": {device.trouble}" if device.trouble else ""
    return f"{device.endpoint_id} is {device.status.name.lower()} at revision {device.revision}{why}"
