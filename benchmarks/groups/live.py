"""Sends at a steady rate until the third device of the user has them, against empty calls."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.sending import ECHO
from benchmarks.load import doors, listeners, requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.deliveries import DeliveryTimes
from benchmarks.load.doors import Door
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workload, Workloads
from benchmarks.samples import Sample, measure, quantiles
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, WITH_ASYNCIO, names, on

A_SECOND: Final = 300
"""The rate of sends that are each alone."""

_CALLS: Final = 1500
_CONNECTIONS: Final = 4

_USERS: Final = [f"live-{number}" for number in range(100)]


async def _answered(server: RunningServer, work: Iterable[Request]) -> Sample:
    """Measure the time from when calls are due until they are answered."""
    callers = Calls(await connections(server.address, _CONNECTIONS))
    with measure(server.pid) as run:
        await callers.a_second(A_SECOND, work)
        run.operations = len(callers.times)
    callers.close()
    return {**run.sample, **quantiles(callers.times)}


async def _delivered(server: RunningServer, deliveries: DeliveryTimes, work: Iterable[Request]) -> Sample:
    """Measure the time from when sends are due until the last device has them."""
    callers = Calls(await connections(server.address, _CONNECTIONS))
    ready = list(work)
    before = deliveries.complete.count
    with measure(server.pid) as run:
        due = await callers.a_second(A_SECOND, ready)
        await deliveries.complete.until(before + len(ready))
        run.operations = len(ready)
    callers.close()
    came = [deliveries.times.pop(requests.key(send)) for send in ready]
    return {**run.sample, **quantiles([end - start for start, end in zip(due, came, strict=True)])}


async def heard(
    server: RunningServer, amount: int, users: Sequence[str] = _USERS, door: Door = doors.grpc
) -> Workload:
    """Connect the devices of some users by a door, and return the workload that sends to them in turn."""
    deliveries, synced = DeliveryTimes(DEVICES), ArrivalCounter()
    devices = listeners.devices(users, DEVICES, door)
    await listeners.connect([deliveries.stream(device, synced) for device in devices], server.address)
    await synced.until(len(devices))
    return lambda: _delivered(server, deliveries, requests.sends(users, amount))


async def _workloads(server: RunningServer, amount: int) -> Workloads:
    return {"send": await heard(server, amount)}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount = scale.of(_CALLS, minimum=300)
    with folder() as place, on_each_transport(place, WITH_ASYNCIO) as ours, empty() as floor:
        (sample,) = requests.sends(["measured-0"], 1)
        answer = await sizes.of_answer(ours[BESIDE].address, sample)
        yield {
            ECHO: lambda: _answered(floor, requests.echoes(sample, answer, amount)),
            **side_by_side({name: await _workloads(server, amount) for name, server in ours.items()}),
        }


(_ON_GRPCIO,) = on(BESIDE, {"send": None})

LIVE: Final = Group(
    name="live",
    title="From a send to the third device",
    floor=ECHO,
    noise="p50",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="lone",
            title="300 sends a second to three open devices, processor time of the server for each"
            " / the same on grpcio",
            ratio=lambda of: of["send"]["cpu"] / of[_ON_GRPCIO]["cpu"],
            target=0.6,
            shown=(("send", "cpu"), (ECHO, "cpu")),
        ),
        Metric(
            name="live_p50",
            title="300 sends a second, from due to the third open device / 300 of grpcio's echoes a second,"
            " median",
            ratio=lambda of: of["send"]["p50"] / of[ECHO]["p50"],
            target=2.2,
            shown=(("send", "p50"), (ECHO, "p50")),
        ),
        Metric(
            name="live_p99",
            title="300 sends a second, from due to the third open device / 300 of grpcio's echoes a second,"
            " 99th percentile",
            ratio=lambda of: of["send"]["p99"] / of[ECHO]["p99"],
            target=None,
            shown=(("send", "p99"), (ECHO, "p99")),
        ),
    ),
)
