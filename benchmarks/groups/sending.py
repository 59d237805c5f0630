"""Sends with 64 in flight, and in batches, against empty calls."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Final

from benchmarks.groups.alternating import side_by_side
from benchmarks.load import requests, sizes
from benchmarks.load.callers import Calls, connections
from benchmarks.load.requests import Request
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer, empty, folder, on_each_transport
from benchmarks.transports import BESIDE, WITH_ASYNCIO, names

ECHO: Final = "grpcio's echo"
"""The name of the floor: an empty call, as grpcio serves it."""

IN_FLIGHT: Final = 64
BATCH: Final = 100
BATCHES_IN_FLIGHT: Final = 4

#: Backends are few, and each has one connection.
_CONNECTIONS: Final = 4
_CALLS: Final = 12_000
_BATCHES: Final = 400

#: So many that a run ends long before a user has too many notifications.
_USERS: Final = [f"user-{number}" for number in range(1000)]


async def calls(
    server: RunningServer,
    concurrency: int,
    work: Iterable[Request],
    *,
    each: int = 1,
    beside: AbstractContextManager[None] | None = None,
) -> Sample:
    """Measure calls with at most `concurrency` in flight, each of which is `each` operations.

    `beside` is entered meanwhile.
    """
    callers = Calls(await connections(server.address, _CONNECTIONS))
    ready = list(work)
    with measure(server.pid) as run, beside or nullcontext():
        await callers.at_a_time(concurrency, ready)
        run.operations = len(ready) * each
    callers.close()
    return run.sample


def _workloads(server: RunningServer, scale: Scale) -> Workloads:
    amount, batches = scale.of(_CALLS, minimum=1000), scale.of(_BATCHES, minimum=40)
    return {
        "send": lambda: calls(server, IN_FLIGHT, requests.sends(_USERS, amount)),
        "batch": lambda: calls(
            server, BATCHES_IN_FLIGHT, requests.batches(_USERS, batches, BATCH), each=BATCH
        ),
    }


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    amount = scale.of(_CALLS, minimum=1000)
    with folder() as place, on_each_transport(place, WITH_ASYNCIO) as ours, empty() as floor:
        (sample,) = requests.sends(_USERS, 1)
        answer = await sizes.of_answer(ours[BESIDE].address, sample)
        yield {
            ECHO: lambda: calls(floor, IN_FLIGHT, requests.echoes(sample, answer, amount)),
            **side_by_side({name: _workloads(server, scale) for name, server in ours.items()}),
        }


SENDING: Final = Group(
    name="sending",
    title="Sending",
    floor=ECHO,
    noise="cpu",
    open=_open,
    transports=names(WITH_ASYNCIO),
    metrics=(
        Metric(
            name="send",
            title="`SendNotification`, 64 in flight / grpcio's echo",
            ratio=lambda of: of["send"]["cpu"] / of[ECHO]["cpu"],
            target=0.6,
            shown=(("send", "rate"), (ECHO, "rate")),
        ),
        Metric(
            name="batch",
            title="`BatchSendNotifications` of 100, per notification / grpcio's echo",
            ratio=lambda of: of["batch"]["cpu"] / of[ECHO]["cpu"],
            target=0.2,
            shown=(("batch", "rate"), (ECHO, "rate")),
        ),
    ),
)
