"""Workloads on a store of many notifications, a hundred of each user.

Sends, marks and lists are of some users, and reconnects of devices of others.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.groups.delivering import DEVICES
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT, IN_FLIGHT, calls
from benchmarks.load import listeners, requests
from benchmarks.load.callers import CallFailed, Calls, connections
from benchmarks.load.listeners import Device
from benchmarks.load.reconnects import Reconnect, register
from benchmarks.load.requests import Request
from benchmarks.machine import idle, usage
from benchmarks.metrics import Scale, Workloads
from benchmarks.samples import Sample, combined, measure
from benchmarks.servers.bulk_copy import ids, multiply, user
from benchmarks.servers.servers import RunningServer, unisono

_EACH: Final = 100
_MISSED: Final = 20

#: Few, since sends make the smaller store larger.
_SENDS: Final = 2000
_CALLS: Final = 5000
_RETURNS: Final = 1000

#: Devices that reconnect are each of another user, whom nobody else sends to. Of the others, as many are
#: drawn as have more notifications than a server keeps in memory.
_AWAY: Final = 2000
_DRAWN: Final = 2000

#: How many devices reconnect at the same time, each a different one.
_CONCURRENCY: Final = 20

_Absent = tuple[Device, Request]
"""A device that is away, and the mark that is made before it reconnects."""

#: The seed of draws, so that all runs draw the same.
_SEED: Final = 17


async def fill(store: Path, notifications: int) -> None:
    """Make a store of so many notifications, a hundred of each user."""
    devices = listeners.devices(["the-first"], DEVICES)
    with unisono(store) as first:
        await register(devices, first.address)
        await _call(first, 1, requests.sends([devices[0].user_id], _EACH))
    multiply(store, notifications // _EACH - 1, _tell)


async def workloads(server: RunningServer, store: Path, notifications: int, scale: Scale) -> Workloads:
    """Return the workloads `send`, `mark`, `list` and `resume` of a server on a store that `fill` made.

    Registers the devices that will reconnect, and sends what they miss.
    """
    chance = Random(_SEED)  # noqa: S311  nothing is kept secret by it
    users = [user(number) for number in range(1, notifications // _EACH)]
    split = min(_AWAY, len(users) // 4) // _CONCURRENCY * _CONCURRENCY
    away, written = users[:split], users[split:]
    drawn = ids(store, chance.sample(written, min(_DRAWN, len(written))))
    chance.shuffle(drawn)
    marks, returns = requests.marks(drawn), await _away(server, store, away)
    sends, amount = scale.of(_SENDS, minimum=500), scale.of(_CALLS, minimum=500)
    came_back = scale.of(_RETURNS, minimum=100)
    return {
        "send": lambda: calls(server, IN_FLIGHT, requests.sends(chance.choices(written, k=sends), sends)),
        "mark": lambda: calls(server, IN_FLIGHT, islice(marks, amount)),
        "list": lambda: calls(server, IN_FLIGHT, requests.pages(chance.choices(written, k=amount))),
        "resume": lambda: _resumed(server, list(islice(returns, came_back))),
    }


async def _away(server: RunningServer, store: Path, users: Sequence[str]) -> Iterator[_Absent]:
    """Yield devices without end, one of each user in turn, which have missed `_MISSED` notifications."""
    devices = listeners.devices(users, 1)
    await register(devices, server.address)
    await _call(server, BATCHES_IN_FLIGHT, requests.batches(users, len(users) * _MISSED // BATCH, BATCH))
    await idle.wait_idle(server.pid)
    newest = dict(sorted(ids(store, users)))
    marks = requests.marks([(device.user_id, newest[device.user_id]) for device in devices])
    return zip(cycle(devices), marks, strict=False)


async def _resumed(server: RunningServer, returns: Sequence[_Absent]) -> Sample:
    """Measure reconnects of devices, a few at a time.

    Before each, a mark changes one of the notifications that the device missed, and the device gets a new
    access token: so the server has neither in its caches from the time before.
    """
    samples: list[Sample] = []
    for start in range(0, len(returns), _CONCURRENCY):
        group = returns[start : start + _CONCURRENCY]
        await _call(server, _CONCURRENCY, [mark for _, mark in group])
        for device, _ in group:
            device.token = requests.renewed(device.user_id)
        samples.append(await _back(server, [device for device, _ in group]))
    await idle.wait_idle(server.pid)
    return combined(samples)


async def _back(server: RunningServer, devices: Sequence[Device]) -> Sample:
    """Measure a reconnect of devices until they have what they missed and have left again."""
    files = usage.open_files(server.pid)
    with measure(server.pid) as run:
        back = Reconnect(devices)
        await back.all_synced(server.address, len(devices))
        back.leave()
        await idle.wait_closed(server.pid, files)
        run.operations = len(devices)
    if any(events.count != _MISSED for events in back.events):
        raise CallFailed("a device has not got what it missed, or more than that")
    return run.sample


async def _call(server: RunningServer, concurrency: int, work: Iterable[Request]) -> None:
    callers = Calls(await connections(server.address, 1))
    await callers.at_a_time(concurrency, work)
    callers.close()


def _tell(number: int, of: int) -> None:
    """Print the progress a few times where it takes minutes."""
    if of >= 1_000_000 and number * 4 % of == 0:
        sys.stderr.write(f"filling a store: {number:,} of {of:,} notifications\n")
