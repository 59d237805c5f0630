"""Sends one at a time, against an empty call and a sync of the disk: what a sequential backend waits."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.sending import ECHO
from benchmarks.load import requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.requests import Request
from benchmarks.machine import disk
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure, quantiles
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, WITH_ASYNCIO, names

_CALLS: Final = 2000
_SYNCS: Final = 1000

_USERS: Final = [f"user-{number}" for number in range(1000)]


async def _one_by_one(server: RunningServer, work: Iterable[Request]) -> Sample:
    callers = Calls(await connections(server.address, 1))
    ready = list(work)
    with measure(server.pid) as run:
        await callers.at_a_time(1, ready)
        run.operations = len(ready)
    callers.close()
    return {**run.sample, **quantiles(callers.times)}


def _workloads(server: RunningServer, amount: int) -> Workloads:
    return {"send": lambda: _one_by_one(server, requests.sends(_USERS, amount))}


async def _synced(place: Path, times: int) -> Sample:
    """Measure a sync on the disk of the store while nothing else writes to it."""
    return {"p50": disk.sync_time(place, times)}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount, syncs = scale.of(_CALLS, minimum=300), scale.of(_SYNCS, minimum=200)
    with folder() as place, on_each_transport(place, WITH_ASYNCIO) as ours, empty() as floor:
        (sample,) = requests.sends(_USERS, 1)
        answer = await sizes.of_answer(ours[BESIDE].address, sample)
        yield {
            ECHO: lambda: _one_by_one(floor, requests.echoes(sample, answer, amount)),
            **side_by_side({name: _workloads(server, amount) for name, server in ours.items()}),
            "sync": lambda: _synced(place, syncs),
        }


WAITING: Final = Group(
    name="waiting",
    title="Waiting for one send",
    floor=ECHO,
    noise="p50",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="one",
            title="`SendNotification`, one in flight, median time"
            " / (grpcio's echo + write of a page and `fdatasync`)",
            ratio=lambda of: of["send"]["p50"] / (of[ECHO]["p50"] + of["sync"]["p50"]),
            target=2.1,
            shown=(("send", "p50"), (ECHO, "p50"), ("sync", "p50"), ("send", "p99"), (ECHO, "p99")),
        ),
    ),
)
