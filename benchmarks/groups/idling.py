"""The memory of idle devices' streams, in the clear and under TLS, against those of the empty server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.reconnecting import STREAM
from benchmarks.load import doors, listeners, requests, sizes
from benchmarks.load.doors import Door
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.load.sizes import StreamSizes
from benchmarks.machine import idle, usage
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.servers import RunningServer, empty, folder, unisono
from benchmarks.transports import WITH_ASYNCIO, Transport, names
from tests.support.http2.fleet import fitting
from tests.support.server_certificate import ServerCertificate, issued

UNDER_TLS: Final = f"{STREAM} under TLS"

_STREAMS: Final = 3000

#: Streams that are open before memory is measured, so that what is allocated once does not count.
_FIRST: Final = 150

Connect = Callable[[int, int], Awaitable[list[Stream]]]
"""Connects streams, given the number of the first and how many, and waits until all have begun."""


def at_most(streams: int) -> int:
    """Return how many streams this process can hold of so many, whole users' devices."""
    return (fitting(streams + _FIRST) - _FIRST) // DEVICES * DEVICES


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


async def held(
    transport: Transport,
    streams: int,
    certificate: ServerCertificate | None = None,
    door: Door = doors.grpc,
) -> Sample:
    """Measure what our server holds for idle devices' streams, which come by a door."""
    with folder() as place, unisono(place / "store.db", transport, certificate) as ours:

        async def connect(start: int, amount: int) -> list[Stream]:
            users = [f"idle-{number}" for number in range(start // DEVICES, (start + amount) // DEVICES)]
            synced = ArrivalCounter()
            devices = listeners.devices(users, DEVICES, door)
            idle = [device.stream(synced, ArrivalCounter()) for device in devices]
            await listeners.connect(idle, ours.address, tls=ours.tls)
            await synced.until(len(idle))
            return idle

        return await _measured(ours, connect, streams)


async def _bare(size: StreamSizes, streams: int, certificate: ServerCertificate | None = None) -> Sample:
    with empty(certificate) as floor:

        async def connect(_start: int, amount: int) -> list[Stream]:
            arrivals = ArrivalCounter()
            token = requests.device("idle-0")
            bare = listeners.listening(amount, token, size.request, size.greeting, arrivals)
            await listeners.connect(bare, floor.address, tls=floor.tls)
            await arrivals.until(2 * amount)
            return bare

        return await _measured(floor, connect, streams)


def _workloads(transport: Transport, streams: int, tls: ServerCertificate) -> Workloads:
    return {
        "idle": partial(held, transport, streams),
        "idle under TLS": partial(held, transport, streams, tls),
    }


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    streams = at_most(scale.of(_STREAMS, minimum=300))
    with folder() as place:
        with unisono(place / "store.db") as ours:
            size = await sizes.of_stream(ours.address)
        tls = issued(place)
        yield {
            STREAM: partial(_bare, size, streams),
            UNDER_TLS: partial(_bare, size, streams, tls),
            **side_by_side({one.name: _workloads(one, streams, tls) for one in WITH_ASYNCIO}),
        }


IDLING: Final = Group(
    name="idling",
    title="Idle devices",
    floor=STREAM,
    noise="memory",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="idle",
            title="resident memory of an idle device's stream, on a connection of its own"
            " / of grpcio's idle stream",
            ratio=lambda of: of["idle"]["memory"] / of[STREAM]["memory"],
            target=0.35,
            shown=(("idle", "memory"), (STREAM, "memory")),
        ),
        Metric(
            name="idle_tls",
            title="the same under TLS / of grpcio's idle stream under TLS",
            ratio=lambda of: of["idle under TLS"]["memory"] / of[UNDER_TLS]["memory"],
            target=0.65,
            shown=(("idle under TLS", "memory"), (UNDER_TLS, "memory")),
        ),
    ),
)
