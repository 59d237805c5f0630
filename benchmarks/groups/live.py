"""Sends at a steady rate until the third device of the user has them, against empty calls."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from benchmarks.groups.delivering import DEVICES
from benchmarks.load import listeners, requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.deliveries import DeliveryTimes
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure, quantiles
from benchmarks.servers.servers import RunningServer, empty, folder, unisono

_A_SECOND: Final = 300
_CALLS: Final = 3000
_CONNECTIONS: Final = 4

_USERS: Final = [f"live-{number}" for number in range(100)]


async def _answered(server: RunningServer, work: Iterable[Request]) -> Sample:
    """Measure the time from when calls are due until they are answered."""
    callers = Calls(await connections(server.address, _CONNECTIONS))
    with measure(server.pid) as run:
        await callers.a_second(_A_SECOND, work)
        run.operations = len(callers.times)
    callers.close()
    return {**run.sample, **quantiles(callers.times)}


async def _delivered(server: RunningServer, deliveries: DeliveryTimes, work: Iterable[Request]) -> Sample:
    """Measure the time from when sends are due until the last device has them."""
    callers = Calls(await connections(server.address, _CONNECTIONS))
    ready = list(work)
    before = deliveries.complete.count
    with measure(server.pid) as run:
        due = await callers.a_second(_A_SECOND, ready)
        await deliveries.complete.until(before + len(ready))
        run.operations = len(ready)
    callers.close()
    came = [deliveries.times.pop(requests.key(send)) for send in ready]
    return {**run.sample, **quantiles([end - start for start, end in zip(due, came, strict=True)])}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount = scale.of(_CALLS, minimum=600)
    with folder() as place, unisono(place / "store.db") as ours, empty() as floor:
        deliveries, synced = DeliveryTimes(DEVICES), ArrivalCounter()
        devices = listeners.devices(_USERS, DEVICES)
        await listeners.connect([deliveries.stream(device, synced) for device in devices], ours.address)
        await synced.until(len(devices))
        (sample,) = requests.sends(_USERS, 1)
        answer = await sizes.of_answer(ours.address, sample)
        yield {
            "echo": lambda: _answered(floor, requests.echoes(sample, answer, amount)),
            "send": lambda: _delivered(ours, deliveries, requests.sends(_USERS, amount)),
        }


LIVE: Final = Group(
    name="live",
    title="From a send to the third device",
    floor="echo",
    noise="p50",
    open=_open,
    metrics=(
        Metric(
            name="live_p50",
            title="300 sends a second, from due to the third open device / 300 empty echoes a second, median",
            ratio=lambda of: of["send"]["p50"] / of["echo"]["p50"],
            target=1.8,
            shown=(("send", "p50"), ("echo", "p50")),
        ),
        Metric(
            name="live_p99",
            title="300 sends a second, from due to the third open device / 300 empty echoes a second,"
            " 99th percentile",
            ratio=lambda of: of["send"]["p99"] / of["echo"]["p99"],
            target=3,
            shown=(("send", "p99"), ("echo", "p99")),
        ),
    ),
)
