"""Thousands of registered devices that reconnect at once, against as many bare streams."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.groups.delivering import DEVICES
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.listeners import ArrivalCounter, Device
from benchmarks.load.reconnects import Reconnect, register
from benchmarks.load.sizes import StreamSizes
from benchmarks.machine import idle, usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, unisono
from tests.support.http2.fleet import fitting

_STREAMS: Final = 5000


async def _returned(server: RunningServer, devices: Sequence[Device]) -> Sample:
    """Measure a reconnect of all devices until each is synced."""
    back, files = Reconnect(devices), usage.open_files(server.pid)
    with measure(server.pid) as run:
        began = time.perf_counter()
        await back.all_synced(server.address, len(devices))
        run.operations = len(devices)
        run.measures["wall"] = time.perf_counter() - began
    back.leave()
    await _gone(server, files)
    return run.sample


async def _begun(server: RunningServer, streams: int, size: StreamSizes) -> Sample:
    """Measure streams of the empty server until each has received its first two messages."""
    arrivals, files = ArrivalCounter(), usage.open_files(server.pid)
    token = requests.device("known-0")
    bare = listeners.listening(streams, token, size.resumption, size.greeting, arrivals)
    with measure(server.pid) as run:
        began = time.perf_counter()
        await listeners.connect(bare, server.address, streams)
        await arrivals.until(2 * streams)
        run.operations = streams
        run.measures["wall"] = time.perf_counter() - began
    for stream in bare:
        stream.close()
    await _gone(server, files)
    return run.sample


async def _gone(server: RunningServer, files: int) -> None:
    await idle.wait_closed(server.pid, files)
    await idle.wait_idle(server.pid)


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    streams = fitting(scale.of(_STREAMS, minimum=300)) // DEVICES * DEVICES
    with folder() as place, unisono(place / "store.db") as ours, empty() as floor:
        size = await sizes.of_stream(ours.address)
        devices = listeners.devices([f"known-{number}" for number in range(streams // DEVICES)], DEVICES)
        await register(devices, ours.address)
        await idle.wait_idle(ours.pid)
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
    metrics=(
        Metric(
            name="reconnect",
            title="5,000 known devices come back at once, each on a connection, until synced, per device"
            " / stream of the empty server",
            ratio=lambda of: of["known"]["cpu"] / of["bare"]["cpu"],
            target=1.5,
            shown=(("known", "rate"), ("bare", "rate"), ("known", "wall"), ("bare", "wall")),
        ),
    ),
)
