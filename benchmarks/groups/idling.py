"""The memory of idle devices' streams, against those of the empty server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.groups.delivering import DEVICES
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.load.sizes import StreamSizes
from benchmarks.machine import idle, usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.servers import RunningServer, empty, folder, unisono
from tests.support.http2.fleet import fitting

_STREAMS: Final = 3000

#: Streams that are open before memory is measured, so that what is allocated once does not count.
_FIRST: Final = 150

Connect = Callable[[int, int], Awaitable[list[Stream]]]
"""Connects streams, given the number of the first and how many, and waits until all have begun."""


async def _measured(server: RunningServer, connect: Connect, streams: int) -> Sample:
    first = await connect(0, _FIRST)
    await idle.wait_idle(server.pid)
    before = usage.resident(server.pid)
    more = await connect(_FIRST, streams)
    # Memory that connecting and delayed writes need for a while is free again when the server is idle.
    await idle.wait_idle(server.pid)
    sample = {"memory": (usage.resident(server.pid) - before) / streams}
    for stream in (*first, *more):
        stream.close()
    return sample


async def _ours(streams: int) -> Sample:
    with folder() as place, unisono(place / "store.db") as ours:

        async def connect(start: int, amount: int) -> list[Stream]:
            users = [f"idle-{number}" for number in range(start // DEVICES, (start + amount) // DEVICES)]
            synced = ArrivalCounter()
            devices = listeners.devices(users, DEVICES)
            idle = [device.stream(synced, ArrivalCounter()) for device in devices]
            await listeners.connect(idle, ours.address)
            await synced.until(len(idle))
            return idle

        return await _measured(ours, connect, streams)


async def _bare(size: StreamSizes, streams: int) -> Sample:
    with empty() as floor:

        async def connect(_start: int, amount: int) -> list[Stream]:
            arrivals = ArrivalCounter()
            token = requests.device("idle-0")
            bare = listeners.listening(amount, token, size.request, size.greeting, arrivals)
            await listeners.connect(bare, floor.address)
            await arrivals.until(2 * amount)
            return bare

        return await _measured(floor, connect, streams)


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    streams = (fitting(scale.of(_STREAMS, minimum=300) + _FIRST) - _FIRST) // DEVICES * DEVICES
    with folder() as place, unisono(place / "store.db") as ours:
        size = await sizes.of_stream(ours.address)
    yield {"bare": lambda: _bare(size, streams), "idle": lambda: _ours(streams)}


IDLING: Final = Group(
    name="idling",
    title="Idle devices",
    floor="bare",
    noise="memory",
    open=_open,
    metrics=(
        Metric(
            name="idle",
            title="resident memory of an idle device's stream, on a connection of its own"
            " / of an idle stream of the empty server",
            ratio=lambda of: of["idle"]["memory"] / of["bare"]["memory"],
            target=1.15,
            shown=(("idle", "memory"), ("bare", "memory")),
        ),
    ),
)
