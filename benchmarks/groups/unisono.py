"""Runs the workloads of `peers` on our server, on each transport."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from benchmarks.groups import peers
from benchmarks.groups.catching_up import caught_up, missed
from benchmarks.groups.delivering import BURST, DEVICES, listened
from benchmarks.groups.live import A_SECOND
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT, IN_FLIGHT
from benchmarks.load import listeners, requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter, Device
from benchmarks.load.reconnects import register
from benchmarks.metrics import Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.servers import RunningServer
from benchmarks.transports import on

_SENDS: Final = 3000
_BATCHES: Final = 100


async def ours(
    servers: Mapping[str, RunningServer], scale: Scale, names: Sequence[str] = ("single", "burst", "row")
) -> Sequence[Workloads]:
    """Return some of the workloads of `_workloads` on each transport, in the order of their names."""
    of_all = {transport: await _workloads(server, scale) for transport, server in servers.items()}
    return [on(transport, {name: one[name] for name in names}) for transport, one in of_all.items()]


async def _workloads(server: RunningServer, scale: Scale) -> Workloads:
    """Return all workloads that a peer may have, on our server; makes the devices for them."""
    heard = await listened(server, peers.LISTENED)
    away = await _away(server, peers.away(scale))
    return {
        "single": partial(_single, server, heard, scale.of(_SENDS, minimum=300)),
        "burst": partial(_burst, server, heard, scale.of(_BATCHES, minimum=10)),
        "lone": partial(_lone, server, heard, scale.of(peers.LONE_SENDS, minimum=300)),
        "row": partial(caught_up, server, away),
        "alone": partial(caught_up, server, away[::DEVICES]),
    }


async def _single(server: RunningServer, heard: ArrivalCounter, sends: int) -> Sample:
    callers = Calls(await connections(server.address, peers.SINGLE_CONNECTIONS))
    work = list(requests.sends(peers.LISTENED, sends))
    sample = await peers.delivered(server, heard, sends, 1, lambda: callers.at_a_time(IN_FLIGHT, work))
    callers.close()
    return sample


async def _lone(server: RunningServer, heard: ArrivalCounter, sends: int) -> Sample:
    callers = Calls(await connections(server.address, peers.SINGLE_CONNECTIONS))
    work = list(requests.sends(peers.LISTENED, sends))
    sample = await peers.delivered(server, heard, sends, 1, lambda: callers.a_second(A_SECOND, work))
    callers.close()
    return sample


async def _burst(server: RunningServer, heard: ArrivalCounter, batches: int) -> Sample:
    callers = Calls(await connections(server.address, peers.BURST_CONNECTIONS))
    work = list(requests.batches(peers.LISTENED, batches, BATCH, burst=BURST))
    sample = await peers.delivered(
        server, heard, batches * BATCH, DEVICES, lambda: callers.at_a_time(BATCHES_IN_FLIGHT, work)
    )
    callers.close()
    return sample


async def _away(server: RunningServer, users: Sequence[str]) -> Sequence[Device]:
    """Register devices, send what they miss, and return them."""
    devices = listeners.devices(users, DEVICES)
    await register(devices, server.address)
    await missed(server, users, burst=1)
    return devices
