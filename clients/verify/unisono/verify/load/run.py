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
from unisono.verify.load import isolation_probe
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.faults import FaultInjector
from unisono.verify.load.workload import PATIENCE, Workload
from unisono.verify.recording import Recorder

#: Devices that come back soon, and ask for little else.
TIMING: Final = Timing(backoff=Backoff(first=0.05, most=2.0), acknowledge=1.0, heartbeat=timedelta(seconds=5))

#: How long everybody may take to connect, in seconds.
OPENING: Final = 30.0

#: Told what happens from now on, and for how many seconds, if that is known.
Stage = Callable[[str, float], None]


class NotConverged(Exception):
    """Devices that do not get where they are to be; says how long was waited, and for whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """What to do. `seconds` is how long traffic flows, `rate` the calls a second for each user at most.

    `prefix` is what the names of all that is left begin with, and must be another one each time: the id
    of a deleted endpoint stays unusable. `calm` is without cuts.
    """

    users: Sequence[str]
    seconds: float
    rate: float
    seed: int
    prefix: str
    faults: bool = False


async def run(
    connect: Connect, access: Access, options: LoadOptions, recorder: Recorder, stage: Stage
) -> None:
    """All of it. Raises `Stuck`, and what made traffic fail; what was recorded until then is there."""
    injector = FaultInjector(recorder, options.seed)
    connect_with_faults = connect if options.faults else injector.wrap(connect)
    async with _workload(connect_with_faults, access, options, recorder) as world:
        stage(f"connecting {len(world.devices)} devices", 0.0)
        await _in_time(world.wait_live(), OPENING, world)
        stage("traffic", options.seconds)
        world.start()
        await world.run_for(options.seconds)
        injector.stop()
        stage("coming to rest", 0.0)
        await _in_time(world.quiesce(), PATIENCE, world)
        await isolation_probe.run(connect, access, recorder, options.users, f"{options.prefix}linux")


def _workload(connect: Connect, access: Access, options: LoadOptions, recorder: Recorder) -> Workload:
    chance = Random(f"{options.seed} traffic")  # noqa: S311  no secret depends on it
    return Workload(
        connect,
        access,
        recorder,
        chance,
        users=options.users,
        timing=TIMING,
        prefix=options.prefix,
        rate=options.rate,
    )


async def _in_time(work: Awaitable[None], seconds: float, workload: Workload) -> None:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise NotConverged(f"after {seconds:g} s {_furthest_behind(workload.devices)}") from None


def _furthest_behind(devices: Sequence[Device]) -> str:
    device = min(devices, key=lambda device: (device.status is Status.LIVE, device.revision))
    why = f": {device.trouble}" if device.trouble else ""
    return f"{device.endpoint_id} is {device.status.name.lower()} at revision {device.revision}{why}"
