"""Our server beside Mosquitto, which syncs nothing to disk per message."""

from asyncio import gather
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from benchmarks.figures import Group, Scale, Workloads
from benchmarks.groups import peers
from benchmarks.groups.beside import figures, in_turn
from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.ours import ours
from benchmarks.load.listeners import Arrivals
from benchmarks.load.mqtt import Device, Publisher
from benchmarks.samples import Sample
from benchmarks.sides.mosquitto import missing, mosquitto
from benchmarks.sides.servers import Side, folder, unisono

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


async def _theirs(side: Side, scale: Scale) -> Workloads:
    heard, away = Arrivals(), peers.away(scale)
    await _subscribed(side, peers.LISTENED, heard)
    for device in await _subscribed(side, away, Arrivals()):
        await device.leave()
    return {
        "single": partial(
            peers.singles, side, heard, Publisher, peers.LISTENED, scale.of(_SENDS, least=1000)
        ),
        "burst": partial(peers.bursts, side, heard, Publisher, peers.LISTENED, scale.of(_BATCHES, least=10)),
        "row": partial(_row, side, away),
    }


async def _row(side: Side, users: Sequence[str]) -> Sample:
    """They have to miss it anew each time: what was acknowledged is gone."""
    arrivals = Arrivals()
    devices = _devices(users, arrivals)
    await peers.miss(side, Publisher, users)
    sample = await peers.caught_up(side, arrivals, devices, lambda: gather(*(d.settle() for d in devices)))
    await gather(*(device.leave() for device in devices))
    return sample


async def _subscribed(side: Side, users: Sequence[str], arrivals: Arrivals) -> Sequence[Device]:
    devices = _devices(users, arrivals)
    for device in devices:
        await device.connect(side.address)
        await device.subscribe()
    return devices


def _devices(users: Sequence[str], arrivals: Arrivals) -> Sequence[Device]:
    return [Device(user_id, f"device-{number}", arrivals) for user_id in users for number in range(DEVICES)]


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    peers.make_room()
    with folder() as place, unisono(place / "store.db") as us, mosquitto(place) as them:
        yield in_turn(mosquitto=await _theirs(them, scale), ours=await ours(us, scale))


MOSQUITTO: Final = Group(
    name="mosquitto",
    title="Beside Mosquitto, which syncs nothing to disk per message",
    floor="mosquitto_single",
    noise="cpu",
    open=_open,
    missing=missing,
    notes=_NOTES,
    figures=figures(
        "mosquitto",
        "mosquitto",
        "Mosquitto, which syncs nothing to disk per message",
        single=10,
        burst=1,
        row=1,
    ),
)
