"""Our server beside NATS JetStream: file storage, synced before each acknowledgement."""

from asyncio import gather
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Final

from benchmarks.groups import peers
from benchmarks.groups.alternating import alternating, named
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.peer_metrics import peer_metrics
from benchmarks.groups.unisono import ours
from benchmarks.load.jetstream import Kind, durable, forget, make_stream, ordered
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.nats import Device, Publisher
from benchmarks.machine import idle
from benchmarks.metrics import Group, Scale, Workload, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.jetstream import jetstream, missing
from benchmarks.servers.servers import RunningServer, folder, on_each_transport

_TITLE: Final = "NATS JetStream, file storage, synced before each acknowledgement"

_NOTES: Final = """\
NATS is a server for messages, written in Go; JetStream is the part of it that keeps them. Its stream is in
files, and `sync_interval` is `always`, which is not its default: each message is synced before it is
acknowledged, as with ours, but each by itself. Devices are of two kinds, and both miss nothing over
reconnects. Of one with a durable consumer the server knows how far it is: it acknowledges every message,
and the server replaces a file to keep that. One with an ordered consumer knows itself how far it is, as
ours do, and the server keeps nothing of it on the disk. Consumers push, which takes the server less than
being asked for more. Backends send without `Nats-Msg-Id`: unlike with ours, a retry is not told from a new
message.
"""

#: Fewer than elsewhere, since JetStream syncs each message by itself.
_SENDS: Final = 2000
_BATCHES: Final = 100

_times: Final = count()


async def _theirs(
    server: RunningServer, scale: Scale, asker: Publisher, kind: Kind, users: Sequence[str]
) -> Workloads:
    """Return the workloads of JetStream, with devices of a kind of these users."""
    heard = ArrivalCounter()
    for device in (await _devices(asker, kind, users, heard)).values():
        await device.connect(server.address)
    return {
        "single": _rested(
            server, partial(peers.singles, server, heard, Publisher, users, scale.of(_SENDS, minimum=300))
        ),
        "burst": _rested(
            server, partial(peers.bursts, server, heard, Publisher, users, scale.of(_BATCHES, minimum=10))
        ),
        "row": _rested(server, partial(_row, server, asker, kind, peers.away(scale))),
    }


def _rested(server: RunningServer, workload: Workload) -> Workload:
    """Wait after a workload until the server has written acknowledgements, or the next one would pay."""

    async def run() -> Sample:
        sample = await workload()
        await idle.wait_idle(server.pid)
        return sample

    return run


async def _row(server: RunningServer, asker: Publisher, kind: Kind, users: Sequence[str]) -> Sample:
    """Measure new devices each time, which have missed all that the stream has for their users."""
    arrivals = ArrivalCounter()
    named = await _devices(asker, kind, users, arrivals)
    devices = list(named.values())
    sample = await peers.caught_up(server, arrivals, devices, lambda: gather(*(d.settle() for d in devices)))
    for name, device in named.items():
        device.close()
        await forget(asker, name)
    return sample


async def _devices(
    asker: Publisher, kind: Kind, users: Sequence[str], arrivals: ArrivalCounter
) -> Mapping[str, Device]:
    """Make devices of users, by names that none had before."""
    time = next(_times)
    named = [(user_id, f"{user_id}-{number}-{time}") for user_id in users for number in range(DEVICES)]
    return {name: await kind(asker, user_id, name, arrivals) for user_id, name in named}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    peers.raise_file_limit()
    with folder() as place, on_each_transport(place) as us, jetstream(place) as them:
        asker = Publisher()
        await asker.connect(them.address)
        await make_stream(asker)
        await peers.miss(them, Publisher, peers.away(scale))
        others = [f"{user}-ordered" for user in peers.LISTENED]
        yield alternating(
            named("durable", await _theirs(them, scale, asker, durable, peers.LISTENED)),
            named("ordered", await _theirs(them, scale, asker, ordered, others)),
            *await ours(us, scale),
        )


JETSTREAM: Final = Group(
    name="jetstream",
    title="Beside NATS JetStream: file storage, synced before each acknowledgement",
    floor="ordered single",
    noise="cpu",
    open=_open,
    missing=missing,
    notes=_NOTES,
    metrics=(
        *peer_metrics(
            "jetstream",
            "ordered",
            f"{_TITLE}; ordered consumers",
            {"single": 1, "burst": 0.37, "row": 0.42},
        ),
        *peer_metrics(
            "jetstream_durable",
            "durable",
            f"{_TITLE}; durable consumers",
            {"single": None, "burst": None, "row": None},
        ),
    ),
)
