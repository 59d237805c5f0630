"""Sends to users with three open devices each, against the same without devices and bare writes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.groups.broadcasting import broadcasts
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, unisono

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


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount = scale.of(_BATCHES, minimum=10)
    batches = partial(requests.batches, amount=amount, size=BATCH)
    with folder() as place, unisono(place / "store.db") as ours, empty() as floor:
        heard, synced = ArrivalCounter(), ArrivalCounter()
        devices = listeners.devices(_LISTENED, DEVICES)
        await listeners.connect([device.stream(synced, heard) for device in devices], ours.address)
        await synced.until(len(devices))
        yield {
            "write": await broadcasts(floor, len(devices), await sizes.of_stream(ours.address), amount),
            "unheard": lambda: delivered(ours, heard, list(batches(_UNHEARD)), BATCH, 0),
            "heard": lambda: delivered(ours, heard, list(batches(_LISTENED)), BATCH, DEVICES),
            "burst": lambda: delivered(ours, heard, list(batches(_LISTENED, burst=BURST)), BATCH, DEVICES),
        }


DELIVERING: Final = Group(
    name="delivering",
    title="Delivering to open devices",
    floor="write",
    noise="cpu",
    open=_open,
    metrics=(
        Metric(
            name="delivery",
            title="batches of 100 to distinct users with three open devices, per notification"
            " / (the same with none open + three broadcast writes)",
            ratio=lambda of: of["heard"]["cpu"] / (of["unheard"]["cpu"] + DEVICES * of["write"]["cpu"]),
            target=1.15,
            shown=(("heard", "rate"), ("unheard", "rate"), ("write", "rate")),
        ),
        Metric(
            name="burst",
            title="bursts of 20 per user, three devices, per delivery / broadcast write",
            ratio=lambda of: of["burst"]["cpu"] / DEVICES / of["write"]["cpu"],
            target=0.5,
            shown=(("burst", "rate"), ("write", "rate")),
        ),
    ),
)
