"""Thousands of known devices that come back at once, against as many bare streams."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.figures import Figure, Group, Scale, Workloads
from benchmarks.groups.delivering import DEVICES
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.listeners import Arrivals, Device
from benchmarks.load.returning import Return, register
from benchmarks.load.sizes import StreamSizes
from benchmarks.machine import resting, usage
from benchmarks.samples import Sample, taken
from benchmarks.sides.servers import Side, empty, folder, unisono
from tests.support.http2.fleet import fitting

_STREAMS: Final = 5000


async def _returned(side: Side, devices: Sequence[Device]) -> Sample:
    """Measure until all are synced."""
    back, files = Return(devices), usage.open_files(side.pid)
    with taken(side.pid) as run:
        began = time.perf_counter()
        await back.all_synced(side.address, len(devices))
        run.operations = len(devices)
        run.seen["wall"] = time.perf_counter() - began
    back.leave()
    await _gone(side, files)
    return run.sample


async def _begun(side: Side, streams: int, size: StreamSizes) -> Sample:
    """Measure until all have had both of their messages."""
    told, files = Arrivals(), usage.open_files(side.pid)
    token = requests.device("known-0")
    bare = listeners.listening(streams, token, size.resumption, size.greeting, told)
    with taken(side.pid) as run:
        began = time.perf_counter()
        await listeners.connect(bare, side.address, streams)
        await told.until(2 * streams)
        run.operations = streams
        run.seen["wall"] = time.perf_counter() - began
    for stream in bare:
        stream.close()
    await _gone(side, files)
    return run.sample


async def _gone(side: Side, files: int) -> None:
    await resting.until_closed(side.pid, files)
    await resting.until_rest(side.pid)


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    streams = fitting(scale.of(_STREAMS, least=300)) // DEVICES * DEVICES
    with folder() as place, unisono(place / "store.db") as ours, empty() as floor:
        size = await sizes.of_stream(ours.address)
        devices = listeners.devices([f"known-{number}" for number in range(streams // DEVICES)], DEVICES)
        await register(devices, ours.address)
        await resting.until_rest(ours.pid)
        yield {
            "bare": lambda: _begun(floor, streams, size),
            "known": lambda: _returned(ours, devices),
        }


RECONNECTING: Final = Group(
    name="reconnecting",
    title="Coming back at once",
    floor="bare",
    noise="cpu",
    open=_open,
    figures=(
        Figure(
            name="reconnect",
            title="5,000 known devices come back at once, each on a connection, until synced, per device"
            " / stream of the empty server",
            ratio=lambda of: of["known"]["cpu"] / of["bare"]["cpu"],
            target=1.5,
            shown=(("known", "rate"), ("bare", "rate"), ("known", "wall"), ("bare", "wall")),
        ),
    ),
)
