"""Devices that connect: thousands that are known, at once, and others for the first time."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count, islice
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.delivering import DEVICES
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.listeners import ArrivalCounter, Device
from benchmarks.load.reconnects import Reconnect, register
from benchmarks.load.sizes import StreamSizes
from benchmarks.machine import idle, usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, WITH_ASYNCIO, names, on
from tests.support.http2.fleet import fitting

STREAM: Final = "grpcio's stream"
"""The name of the floor: a connection with one stream of two messages, as grpcio serves it."""

_STREAMS: Final = 5000

#: New devices, and how many of them connect at the same time.
_NEW: Final = 1500
_CONCURRENCY: Final = 100

_users: Final = count()


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


async def _accepted(server: RunningServer, amount: int) -> Sample:
    """Measure how devices that no server knows, of users whom none knows, connect until each is synced."""
    users = [f"new-{number}" for number in islice(_users, amount // DEVICES)]
    new, files = Reconnect(listeners.devices(users, DEVICES)), usage.open_files(server.pid)
    with measure(server.pid) as run:
        await new.all_synced(server.address, _CONCURRENCY)
        run.operations = len(new.events)
    new.leave()
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


async def _workloads(server: RunningServer, known: int, new: int) -> Workloads:
    devices = listeners.devices([f"known-{number}" for number in range(known // DEVICES)], DEVICES)
    await register(devices, server.address)
    await idle.wait_idle(server.pid)
    return {"known": lambda: _returned(server, devices), "new": lambda: _accepted(server, new)}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    streams = fitting(scale.of(_STREAMS, minimum=300)) // DEVICES * DEVICES
    new = scale.of(_NEW, minimum=300)
    with folder() as place, on_each_transport(place, WITH_ASYNCIO) as ours, empty() as floor:
        size = await sizes.of_stream(ours[BESIDE].address)
        yield {
            STREAM: lambda: _begun(floor, streams, size),
            **side_by_side({name: await _workloads(server, streams, new) for name, server in ours.items()}),
        }


(_ON_GRPCIO,) = on(BESIDE, {"new": None})

RECONNECTING: Final = Group(
    name="reconnecting",
    title="Connecting",
    floor=STREAM,
    noise="cpu",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="reconnect",
            title="5,000 known devices come back at once, each on a connection, until synced, per device"
            " / grpcio's stream",
            ratio=lambda of: of["known"]["cpu"] / of[STREAM]["cpu"],
            target=0.9,
            shown=(("known", "rate"), (STREAM, "rate"), ("known", "wall"), (STREAM, "wall")),
        ),
        Metric(
            name="accept",
            title="new devices, three of each new user, 100 at a time, each on a connection, registered and"
            " synced, per device / the same on grpcio",
            ratio=lambda of: of["new"]["cpu"] / of[_ON_GRPCIO]["cpu"],
            target=0.5,
            shown=(("new", "cpu"), ("new", "rate")),
        ),
    ),
)
