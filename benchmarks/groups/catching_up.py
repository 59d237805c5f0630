"""Devices that reconnect after missing five hundred notifications each, against bare writes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.broadcasting import WRITE, broadcasts
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.callers import CallFailed, Calls, connections
from benchmarks.load.listeners import Device
from benchmarks.load.reconnects import Reconnect, register
from benchmarks.machine import idle, usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE

MISSED: Final = 500

_USERS: Final = 333
_WRITES: Final = 100

#: How many devices reconnect at the same time.
CONCURRENCY: Final = 100


async def missed(server: RunningServer, users: Sequence[str], *, burst: int = BATCH) -> None:
    """Send `MISSED` notifications to each user, in turn, with `burst` in a row to one."""
    callers = Calls(await connections(server.address, 1))
    batches = requests.batches(users, len(users) * MISSED // BATCH, BATCH, burst=burst)
    await callers.at_a_time(BATCHES_IN_FLIGHT, batches)
    callers.close()


async def caught_up(server: RunningServer, devices: Sequence[Device]) -> Sample:
    """Measure a reconnect of devices that have each missed `MISSED` notifications, streams included.

    An operation is one notification at one device. Raises CallFailed where a device receives more or fewer.
    """
    back, files = Reconnect(devices), usage.open_files(server.pid)
    with measure(server.pid) as run:
        await back.all_synced(server.address, CONCURRENCY)
        run.operations = len(devices) * MISSED
    if {events.count for events in back.events} != {MISSED}:
        raise CallFailed("a device has not got what it missed, or more than that")
    back.leave()
    await idle.wait_closed(server.pid, files)
    await idle.wait_idle(server.pid)
    return run.sample


async def _workloads(server: RunningServer, users: Sequence[str]) -> Workloads:
    devices = listeners.devices(users, DEVICES)
    await register(devices, server.address)
    await missed(server, users)
    await idle.wait_idle(server.pid)
    return {
        "back": lambda: caught_up(server, devices),
        "alone": lambda: caught_up(server, devices[::DEVICES]),
    }


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    users = [f"away-{number}" for number in range(scale.of(_USERS, minimum=30))]
    writes = scale.of(_WRITES, minimum=20)
    with folder() as place, on_each_transport(place) as ours, empty() as floor:
        size = await sizes.of_stream(ours[BESIDE].address)
        yield {
            WRITE: await broadcasts(floor, DEVICES * len(users), size, writes),
            **side_by_side({name: await _workloads(server, users) for name, server in ours.items()}),
        }


CATCHING_UP: Final = Group(
    name="catching_up",
    title="Catching up",
    floor=WRITE,
    noise="cpu",
    open=_open,
    metrics=(
        Metric(
            name="row",
            title="a thousand devices, three of each user, come back to 500 missed, per notification"
            " and device, streams included / grpcio's write",
            ratio=lambda of: of["back"]["cpu"] / of[WRITE]["cpu"],
            target=0.115,
            shown=(("back", "rate"), (WRITE, "rate")),
        ),
        Metric(
            name="alone",
            title="the same with one device of each user / grpcio's write",
            ratio=lambda of: of["alone"]["cpu"] / of[WRITE]["cpu"],
            target=0.15,
            shown=(("alone", "rate"), (WRITE, "rate")),
        ),
    ),
)
