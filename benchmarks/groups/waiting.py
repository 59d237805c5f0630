"""Sends one at a time, against an empty call and a sync of the disk: what a sequential backend waits."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.load import requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.requests import Request
from benchmarks.machine import disk
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure, quantiles
from benchmarks.servers.servers import RunningServer, empty, folder, unisono

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


async def _synced(place: Path, times: int) -> Sample:
    """Measure a sync on the disk of the store while nothing else writes to it."""
    return {"p50": disk.sync_time(place, times)}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount, syncs = scale.of(_CALLS, minimum=300), scale.of(_SYNCS, minimum=200)
    with folder() as place, unisono(place / "store.db") as ours, empty() as floor:
        (sample,) = requests.sends(_USERS, 1)
        answer = await sizes.of_answer(ours.address, sample)
        yield {
            "echo": lambda: _one_by_one(floor, requests.echoes(sample, answer, amount)),
            "send": lambda: _one_by_one(ours, requests.sends(_USERS, amount)),
            "sync": lambda: _synced(place, syncs),
        }


WAITING: Final = Group(
    name="waiting",
    title="Waiting for one send",
    floor="echo",
    noise="p50",
    open=_open,
    metrics=(
        Metric(
            name="one",
            title="`SendNotification`, one in flight, median time"
            " / (empty echo + write of a page and `fdatasync`)",
            ratio=lambda of: of["send"]["p50"] / (of["echo"]["p50"] + of["sync"]["p50"]),
            target=1.5,
            shown=(("send", "p50"), ("echo", "p50"), ("sync", "p50"), ("send", "p99"), ("echo", "p99")),
        ),
    ),
)
