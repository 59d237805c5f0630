"""The workloads that our server and peers run: single sends, bursts, and devices that reconnect.

A hundred users have three open devices each; the devices of a hundred others are away and miss 500 messages.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from benchmarks.groups.catching_up import CONCURRENCY, MISSED
from benchmarks.groups.delivering import BURST, DEVICES
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT, IN_FLIGHT
from benchmarks.load.callers import CallFailed
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.peer_connections import PipelinedPublisher, PublisherPool
from benchmarks.metrics import Scale
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer
from tests.support.http2.fleet import fitting

LISTENED: Final = [f"listened-{number}" for number in range(100)]

#: The connections of backends for single sends, as in `sending`, and for bursts, as in `delivering`.
SINGLE_CONNECTIONS: Final = 4
BURST_CONNECTIONS: Final = 1

#: Sends at a steady rate, at which each is alone.
LONE_SENDS: Final = 600

#: Seconds that a backend of a peer waits after an acknowledgement before it sends more. A peer can be as fast
#: as the generator, whose core would be busy all the time; the time of a send hardly differs.
_SINGLE_PAUSE: Final = 0.002
_BURST_PAUSE: Final = 0.02

#: More connections than all servers of a group have together.
_CONNECTIONS: Final = 2000

Act = Callable[[], Awaitable[object]]


class ReconnectingDevice(Protocol):
    """A device that reconnects."""

    async def connect(self, address: str) -> None:
        """Connect to HOST:PORT, and receive what was missed."""


def raise_file_limit() -> None:
    """Raise the limit on open files of this process and those that it starts, as far as that is allowed."""
    fitting(_CONNECTIONS)


def away(scale: Scale) -> list[str]:
    """Return the users whose devices are away: 100, or 10 at least at a smaller scale."""
    return [f"away-{number}" for number in range(scale.of(100, minimum=10))]


async def delivered(
    server: RunningServer, arrivals: ArrivalCounter, sends: int, each: int, act: Act
) -> Sample:
    """Measure `act`, which makes `sends` sends, until all devices have them; a send is `each` operations.

    Raises CallFailed where a device receives one twice.
    """
    expected = arrivals.count + sends * DEVICES
    with measure(server.pid) as run:
        await act()
        await _all(arrivals, expected)
        run.operations = sends * each
    return run.sample


async def caught_up(
    server: RunningServer, arrivals: ArrivalCounter, devices: Sequence[ReconnectingDevice], settled: Act
) -> Sample:
    """Measure how devices reconnect until each has the `MISSED` messages that it missed.

    `settled` then waits until the server has read their acknowledgements. Raises CallFailed where a message
    arrives twice.
    """
    expected = arrivals.count + len(devices) * MISSED
    with measure(server.pid) as run:
        for start in range(0, len(devices), CONCURRENCY):
            together = devices[start : start + CONCURRENCY]
            await asyncio.gather(*(device.connect(server.address) for device in together))
        await _all(arrivals, expected)
        await settled()
        run.operations = len(devices) * MISSED
    return run.sample


async def singles(
    server: RunningServer,
    arrivals: ArrivalCounter,
    kind: type[PipelinedPublisher],
    users: Sequence[str],
    sends: int,
) -> Sample:
    """Measure a peer's sends to users in turn, with three devices each, `IN_FLIGHT` unacknowledged."""
    backends = PublisherPool(await _opened(server, kind, SINGLE_CONNECTIONS), 1, _SINGLE_PAUSE)
    pieces = backends.pieces([users[number % len(users)] for number in range(sends)])
    sample = await delivered(server, arrivals, sends, 1, lambda: backends.at_a_time(IN_FLIGHT, pieces))
    backends.close()
    return sample


async def bursts(
    server: RunningServer,
    arrivals: ArrivalCounter,
    kind: type[PipelinedPublisher],
    users: Sequence[str],
    batches: int,
) -> Sample:
    """Measure a peer's deliveries of bursts of `BURST` to a user, with as many in flight as at our server."""
    backends = PublisherPool(await _opened(server, kind, BURST_CONNECTIONS), BATCH, _BURST_PAUSE)
    sends = batches * BATCH
    pieces = backends.pieces([users[number // BURST % len(users)] for number in range(sends)])
    sample = await delivered(
        server, arrivals, sends, DEVICES, lambda: backends.at_a_time(BATCHES_IN_FLIGHT, pieces)
    )
    backends.close()
    return sample


async def miss(server: RunningServer, kind: type[PipelinedPublisher], users: Sequence[str]) -> None:
    """Publish to each user the `MISSED` messages that the devices miss."""
    backends = PublisherPool(await _opened(server, kind, BURST_CONNECTIONS), 1, 0.0)
    await backends.at_a_time(BATCH * BATCHES_IN_FLIGHT, backends.pieces([*users] * MISSED))
    backends.close()


async def _opened(
    server: RunningServer, kind: type[PipelinedPublisher], connections: int
) -> Sequence[PipelinedPublisher]:
    pipelines = [kind() for _ in range(connections)]
    for pipeline in pipelines:
        await pipeline.connect(server.address)
    return pipelines


async def _all(arrivals: ArrivalCounter, expected: int) -> None:
    await arrivals.until(expected)
    if arrivals.count > expected:
        raise CallFailed(f"{arrivals.count - expected} came twice")
