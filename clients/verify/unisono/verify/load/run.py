"""Runs load against a deployment and records it: connecting, traffic with faults, coming to rest, a probe.

What the run leaves in the deployment, `cleanup` removes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from unisono.client import Backoff, Device, Status, Timing
from unisono.verify.load import isolation_probe
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.faults import FaultInjector
from unisono.verify.load.workload import TIMEOUT, Workload
from unisono.verify.recording import Recorder

#: Devices reconnect soon, and otherwise make few calls.
TIMING: Final = Timing(
    backoff=Backoff(initial=0.05, maximum=2.0),
    acknowledge_interval=1.0,
    heartbeat_interval=5.0,
)

#: How long all devices together may take to connect, in seconds.
OPENING: Final = 30.0

#: Called at the beginning of each stage with its name, and its length in seconds, 0 if unknown.
Stage = Callable[[str, float], None]


class NotConverged(Exception):
    """Devices did not connect or catch up in time. The message names the time, and the slowest device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """The parameters of a run.

    `seconds` is how long traffic flows, `rate` how many calls a second are made for each user at most. The
    names of all that is made begin with `prefix`, which must be another one each time: the id of a deleted
    endpoint cannot be registered again. With `faults`, streams are cut and answers lost.
    """

    users: Sequence[str]
    seconds: float
    rate: float
    seed: int
    prefix: str
    faults: bool = True


async def run(
    connect: Connect, access: Access, options: LoadOptions, recorder: Recorder, stage: Stage
) -> None:
    """Connect all devices, let traffic flow, wait until it has settled, and probe the isolation of users.

    Everything is recorded, and `stage` is called at the beginning of each stage. Raises `NotConverged` when
    devices are not live within 30 s, or have not caught up within 60 s after the traffic; a `UnisonoError`,
    or what a source of tokens raises, when traffic fails. After an error or cancellation, `recorder` has the
    history until then; notifications and endpoints stay in the service in any case.
    """
    injector = FaultInjector(recorder, options.seed)
    connect_with_faults = injector.wrap(connect) if options.faults else connect
    async with _workload(connect_with_faults, access, options, recorder) as workload:
        stage(f"connecting {len(workload.devices)} devices", 0.0)
        await _in_time(workload.wait_live(), OPENING, workload)
        stage("traffic", options.seconds)
        workload.start()
        await workload.run_for(options.seconds)
        injector.stop()
        stage("coming to rest", 0.0)
        await _in_time(workload.quiesce(), TIMEOUT, workload)
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
    why = f": {device.error}" if device.error else ""
    return f"{device.endpoint_id} is {device.status.name.lower()} at revision {device.revision}{why}"
