"""Runs the workloads of `peers` on our server, on each transport."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from benchmarks.groups import peers
from benchmarks.groups.catching_up import caught_up, missed
from benchmarks.groups.delivering import BURST, DEVICES, listened
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


async def ours(servers: Mapping[str, RunningServer], scale: Scale) -> Sequence[Workloads]:
    """Return the workloads of `workloads` on each transport, named for it."""
    return [on(transport, await workloads(server, scale)) for transport, server in servers.items()]


async def workloads(server: RunningServer, scale: Scale) -> Workloads:
    """Return the workloads `single`, `burst` and `row` of our server; makes the devices for them."""
    heard = await listened(server, peers.LISTENED)
    return {
        "single": partial(_single, server, heard, scale.of(_SENDS, minimum=300)),
        "burst": partial(_burst, server, heard, scale.of(_BATCHES, minimum=10)),
        "row": partial(caught_up, server, await _away(server, peers.away(scale))),
    }


async def _single(server: RunningServer, heard: ArrivalCounter, sends: int) -> Sample:
    callers = Calls(await connections(server.address, peers.SINGLE_CONNECTIONS))
    work = list(requests.sends(peers.LISTENED, sends))
    sample = await peers.delivered(server, heard, sends, 1, lambda: callers.at_a_time(IN_FLIGHT, work))
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
