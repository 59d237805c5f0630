"""Streams of the web beside those of gRPC, on the same server: what Connect costs more, if anything."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.groups import idling, live
from benchmarks.groups.alternating import alternating
from benchmarks.groups.delivering import BURST, DEVICES, delivered, listened
from benchmarks.groups.sending import BATCH
from benchmarks.load import doors, listeners, requests
from benchmarks.load.doors import Door
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample, measure, never_void
from benchmarks.servers.servers import RunningServer, folder, unisono
from benchmarks.transports import HTTP, Transport, on
from unisono.v1 import feed_service_pb2 as pb

_STREAMS: Final = 5000
_SENDS: Final = 1500
_BATCHES: Final = 60

#: Streams that beat, the interval that they agree upon in seconds, and the beats that are counted.
_BEATING: Final = 600
_INTERVAL: Final = 0.5
_BEATS: Final = 6000

_BEATS_OFTEN: Final = Transport(
    name=HTTP.name,
    settings={
        **HTTP.settings,
        "UNISONO_HEARTBEAT_MIN": f"{_INTERVAL}",
        "UNISONO_HEARTBEAT": f"{_INTERVAL}",
    },
)

#: As much as gRPC, but for what cannot be told from it.
_TARGET: Final = 1.02

_DOORS: Final[Mapping[str, Door]] = {"gRPC": doors.grpc, "Connect": doors.connect}

_NOTES: Final = """\
A browser cannot speak gRPC, and comes by Connect to the same port. Here the same devices hold the same
streams by one and by the other, in binary, on HTTP/2 in the clear, each on a connection of its own, and on
the same server, but where memory is measured.
"""


def _beating(user_id: str, endpoint_id: str, door: Door, beats: ArrivalCounter) -> Stream:
    """Return a stream that counts its heartbeats."""

    def on_message(message: bytes) -> None:
        if pb.SubscribeResponse.FromString(message).HasField("heartbeat"):
            beats.add(1)

    return Stream(requests.subscription(requests.device(user_id), endpoint_id), on_message, door)


async def _beats(server: RunningServer, name: str, door: Door, amount: int) -> Sample:
    beats = ArrivalCounter()
    users = [f"beating-{name}-{number}" for number in range(_BEATING // DEVICES)]
    streams = [
        _beating(one.user_id, one.endpoint_id, door, beats) for one in listeners.devices(users, DEVICES)
    ]
    await listeners.connect(streams, server.address)
    # Opening them is over by then, for nearly all.
    await beats.until(before := 2 * len(streams))
    with measure(server.pid) as run:
        await beats.until(before + amount)
        run.operations = amount
    for stream in streams:
        stream.close()
    # The server's timers say how many there are: whoever hears them holds nothing up.
    return never_void(run.sample)


async def _workloads(
    name: str, door: Door, server: RunningServer, often: RunningServer, scale: Scale
) -> Workloads:
    """Return the workloads by one door."""
    live_users = [f"live-{name}-{number}" for number in range(100)]
    burst_users = [f"burst-{name}-{number}" for number in range(BATCH)]
    heard = await listened(server, burst_users, door)
    batches = partial(requests.batches, burst_users, scale.of(_BATCHES, minimum=10), BATCH, burst=BURST)
    streams = idling.at_most(scale.of(_STREAMS, minimum=300))
    workloads: Workloads = {
        "idle": partial(idling.held, HTTP, streams, door=door),
        "beat": partial(_beats, often, name, door, scale.of(_BEATS, minimum=1500)),
        "live": await live.heard(server, scale.of(_SENDS, minimum=300), live_users, door),
        "burst": lambda: delivered(server, heard, list(batches()), BATCH, DEVICES),
    }
    return on(HTTP.name, {f"{one} by {name}": workload for one, workload in workloads.items()})


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    with (
        folder() as place,
        unisono(place / "store.db", HTTP) as server,
        unisono(place / "often.db", _BEATS_OFTEN) as often,
    ):
        yield alternating(
            *[await _workloads(name, door, server, often, scale) for name, door in _DOORS.items()]
        )


def _beside(workload: str, title: str, measured: str) -> Metric:
    ours, theirs = f"{workload} by Connect", f"{workload} by gRPC"
    return Metric(
        name=f"web_{workload}",
        title=f"{title}, by Connect / the same by gRPC",
        ratio=lambda of: of[ours][measured] / of[theirs][measured],
        target=_TARGET,
        shown=((ours, measured), (theirs, measured)),
    )


(_FLOOR,) = on(HTTP.name, {"live by gRPC": None})

WEB: Final = Group(
    name="web",
    title="Streams of the web",
    floor=_FLOOR,
    noise="cpu",
    open=_open,
    transports=(HTTP.name,),
    notes=_NOTES,
    metrics=(
        _beside("idle", "resident memory of an idle device's stream, on a connection of its own", "memory"),
        _beside("beat", "processor time for a heartbeat", "cpu"),
        _beside("live", "300 sends a second to three open devices, processor time for each", "cpu"),
        _beside("burst", "bursts of 20 per user, three devices, processor time for each", "cpu"),
    ),
)
