"""Sends to users with three open devices each, against the same without devices and bare writes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.broadcasting import WRITE, broadcasts
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT
from benchmarks.load import doors, listeners, requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.doors import Door
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, WITH_ASYNCIO, names

DEVICES: Final = 3
BURST: Final = 20

_LISTENED: Final = [f"listened-{number}" for number in range(BATCH)]
_UNHEARD: Final = [f"unheard-{number}" for number in range(BATCH)]
_BATCHES: Final = 100


async def delivered(
    server: RunningServer, arrivals: ArrivalCounter, work: Sequence[Request], each: int, heard: int
) -> Sample:
    """Measure batches of `each` notifications, until each has arrived `heard` times.

    A notification is an operation; `arrivals` counts the events at all devices.
    """
    callers = Calls(await connections(server.address, 1))
    before = arrivals.count
    with measure(server.pid) as run:
        await callers.at_a_time(BATCHES_IN_FLIGHT, work)
        run.operations = len(work) * each
        await arrivals.until(before + run.operations * heard)
    callers.close()
    return run.sample


async def listened(server: RunningServer, users: Sequence[str], door: Door = doors.grpc) -> ArrivalCounter:
    """Connect `DEVICES` devices of each user, wait until each is synced, and return the counter of events."""
    heard, synced = ArrivalCounter(), ArrivalCounter()
    devices = listeners.devices(users, DEVICES, door)
    await listeners.connect([device.stream(synced, heard) for device in devices], server.address)
    await synced.until(len(devices))
    return heard


async def _workloads(server: RunningServer, amount: int) -> Workloads:
    heard, batches = await listened(server, _LISTENED), partial(requests.batches, amount=amount, size=BATCH)
    return {
        "unheard": lambda: delivered(server, heard, list(batches(_UNHEARD)), BATCH, 0),
        "heard": lambda: delivered(server, heard, list(batches(_LISTENED)), BATCH, DEVICES),
        "burst": lambda: delivered(server, heard, list(batches(_LISTENED, burst=BURST)), BATCH, DEVICES),
    }


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount, streams = scale.of(_BATCHES, minimum=10), DEVICES * len(_LISTENED)
    with folder() as place, on_each_transport(place, WITH_ASYNCIO) as ours, empty() as floor:
        size = await sizes.of_stream(ours[BESIDE].address)
        yield {
            WRITE: await broadcasts(floor, streams, size, amount),
            **side_by_side({name: await _workloads(server, amount) for name, server in ours.items()}),
        }


DELIVERING: Final = Group(
    name="delivering",
    title="Delivering to open devices",
    floor=WRITE,
    noise="cpu",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="delivery",
            title="batches of 100 to distinct users with three open devices, per notification"
            " / (the same with none open + three of grpcio's writes)",
            ratio=lambda of: of["heard"]["cpu"] / (of["unheard"]["cpu"] + DEVICES * of[WRITE]["cpu"]),
            target=0.85,
            shown=(("heard", "rate"), ("unheard", "rate"), (WRITE, "rate")),
        ),
        Metric(
            name="burst",
            title="bursts of 20 per user, three devices, per delivery / grpcio's write",
            ratio=lambda of: of["burst"]["cpu"] / DEVICES / of[WRITE]["cpu"],
            target=0.8,
            shown=(("burst", "rate"), (WRITE, "rate")),
        ),
    ),
)
