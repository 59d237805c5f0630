"""What is done to a store of many notifications, whose users have a hundred each. Knows no metric.

Some users are sent to and have theirs read and marked; of some others a device comes back.
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

#: Few, since what is sent makes the smaller store larger.
_SENDS: Final = 2000
_CALLS: Final = 5000
_RETURNS: Final = 1000

#: Devices that come back are of other users than those that are written to, and each of another one; of
#: these, as many are drawn as have more notifications than a server keeps in memory.
_AWAY: Final = 2000
_DRAWN: Final = 2000

#: How many come back at the same time, all of them different ones.
_CONCURRENCY: Final = 20

_Absent = tuple[Device, Request]
"""A device that is away, and what is marked before it comes back."""

#: The same draws for everybody.
_SEED: Final = 17


async def fill(store: Path, notifications: int) -> None:
    """Make a store of so many."""
    devices = listeners.devices(["the-first"], DEVICES)
    with unisono(store) as first:
        await register(devices, first.address)
        await _call(first, 1, requests.sends([devices[0].user_id], _EACH))
    multiply(store, notifications // _EACH - 1, _tell)


async def workloads(server: RunningServer, store: Path, notifications: int, scale: Scale) -> Workloads:
    """Those of a server on such a store: `send`, `mark`, `list` and `resume`."""
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
    """A device of each, which has missed some of what its user got, comes back again and again."""
    devices = listeners.devices(users, 1)
    await register(devices, server.address)
    await _call(server, BATCHES_IN_FLIGHT, requests.batches(users, len(users) * _MISSED // BATCH, BATCH))
    await idle.wait_idle(server.pid)
    newest = dict(sorted(ids(store, users)))
    marks = requests.marks([(device.user_id, newest[device.user_id]) for device in devices])
    return zip(cycle(devices), marks, strict=False)


async def _resumed(server: RunningServer, returns: Sequence[_Absent]) -> Sample:
    """Measure how devices come back, a few at a time.

    Before each does, somebody marks one of what it missed, and it gets another token: the server has
    remembered nothing of what it is about to be told, and nothing of who is told, from the time before.
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
    """Measure how they come back until they have what they missed, and leave again."""
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
    """Millions take minutes: say so, a few times."""
    if of >= 1_000_000 and number * 4 % of == 0:
        sys.stderr.write(f"filling a store: {number:,} of {of:,} notifications\n")
