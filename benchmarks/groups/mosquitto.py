"""Our server beside Mosquitto, which syncs nothing to disk per message."""

from asyncio import gather
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.groups import peers
from benchmarks.groups.alternating import alternating, named
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.peer_metrics import peer_metrics
from benchmarks.groups.unisono import ours
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.mqtt import Device, Publisher
from benchmarks.metrics import Group, Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.mosquitto import missing, mosquitto
from benchmarks.servers.servers import RunningServer, folder, on_each_transport

_NOTES: Final = """\
Mosquitto is a broker of MQTT, written in C. It has sessions and messages in memory, and with persistence on
it saves them every half hour, by default, and when it ends: nothing is synced to disk per message, and what
it acknowledged since is lost when it is killed. Ours has synced what it answers OK. Devices of Mosquitto
have sessions that outlive their connections, and quality of service 1: they acknowledge every message, and
one that all have acknowledged is not kept. The limit on what waits for a device is lifted, so that nothing
is dropped; all else is at its default.
"""

_SENDS: Final = 12_000
_BATCHES: Final = 200


async def _theirs(server: RunningServer, scale: Scale) -> Workloads:
    heard, away = ArrivalCounter(), peers.away(scale)
    await _subscribed(server, peers.LISTENED, heard)
    for device in await _subscribed(server, away, ArrivalCounter()):
        await device.leave()
    return {
        "single": partial(
            peers.singles, server, heard, Publisher, peers.LISTENED, scale.of(_SENDS, minimum=1000)
        ),
        "burst": partial(
            peers.bursts, server, heard, Publisher, peers.LISTENED, scale.of(_BATCHES, minimum=10)
        ),
        "row": partial(_row, server, away),
    }


async def _row(server: RunningServer, users: Sequence[str]) -> Sample:
    """Send what devices miss anew each time, as the broker drops what was acknowledged."""
    arrivals = ArrivalCounter()
    devices = _devices(users, arrivals)
    await peers.miss(server, Publisher, users)
    sample = await peers.caught_up(server, arrivals, devices, lambda: gather(*(d.settle() for d in devices)))
    await gather(*(device.leave() for device in devices))
    return sample


async def _subscribed(
    server: RunningServer, users: Sequence[str], arrivals: ArrivalCounter
) -> Sequence[Device]:
    devices = _devices(users, arrivals)
    for device in devices:
        await device.connect(server.address)
        await device.subscribe()
    return devices


def _devices(users: Sequence[str], arrivals: ArrivalCounter) -> Sequence[Device]:
    return [Device(user_id, f"device-{number}", arrivals) for user_id in users for number in range(DEVICES)]


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    peers.raise_file_limit()
    with folder() as place, on_each_transport(place) as us, mosquitto(place) as them:
        yield alternating(named("mosquitto", await _theirs(them, scale)), *await ours(us, scale))


MOSQUITTO: Final = Group(
    name="mosquitto",
    title="Beside Mosquitto, which syncs nothing to disk per message",
    floor="mosquitto single",
    noise="cpu",
    open=_open,
    missing=missing,
    notes=_NOTES,
    metrics=peer_metrics(
        "mosquitto",
        "mosquitto",
        "Mosquitto, which syncs nothing to disk per message",
        {"single": 8.5, "burst": 3.6, "row": 1.1},
    ),
)
