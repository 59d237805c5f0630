"""Whom nobody hears of any more is given up: the silent by pings, those that do not read by age."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.misbehaving import flood
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import connected, fleet
from tests.support.http2.device import Device
from tests.support.processes import Environment

EACH: Final = 10

#: Seconds between pings, and for which one may go unanswered.
KEEPALIVE_TIME: Final = 1
PING_TIMEOUT: Final = 1

#: Seconds after which a connection takes no new calls, and for which those that run may go on.
CONNECTION_AGE: Final = 1
GRACE: Final = 1

#: What the ages of connections are varied by (gRFC A9), and how long it may take besides, in seconds: to
#: connect, to write down who is gone, and to look.
JITTER: Final = 1.1
MARGIN: Final = 2.0

#: Signs of life are written with each sweep.
_QUICK: Final[Environment] = {"UNISONO_SWEEP_INTERVAL": "0.05"}

PINGING: Final[Environment] = {
    **_QUICK,
    "UNISONO_KEEPALIVE_TIME": str(KEEPALIVE_TIME),
    "UNISONO_PING_TIMEOUT": str(PING_TIMEOUT),
}
AGING: Final[Environment] = {
    **_QUICK,
    "UNISONO_CONNECTION_AGE": str(CONNECTION_AGE),
    "UNISONO_CONNECTION_AGE_GRACE": str(GRACE),
    # Both together may not take longer than the grace.
    "UNISONO_SESSION_AGE_MIN": str(GRACE / 2),
    "UNISONO_SESSION_AGE_MAX": str(GRACE / 2),
    "UNISONO_DRAIN_GRACE": str(GRACE / 2),
}


async def are_gone(context: TrialContext) -> None:
    """In each round, on servers with short time-outs: some of each kind."""
    silent = fleet.devices(context.recorder, "silent", 2 * EACH)
    full = fleet.devices(context.recorder, "full", EACH, bare=True)
    for _ in range(context.rounds):
        async with context.server(env=PINGING) as server:
            await fall_silent(context, server.address, silent)
        async with (
            context.server(env=AGING) as server,
            context.backend(server.address) as publisher,
        ):
            await flood(publisher, fleet.users(full))
            await do_not_read(context, server.address, full)
        context.done()


async def fall_silent(context: TrialContext, address: str, devices: Sequence[Device]) -> None:
    """One half answers no ping, the other takes nothing off the wire."""
    await fleet.connect_all(devices, address)
    since = context.recorder.clock()
    for device in devices[::2]:
        device.connection.answers_pings = False
    for device in devices[1::2]:
        device.connection.fall_silent()
    await none_counts_as_connected(context, address, devices)
    fleet.abort_all(devices)
    allowed = KEEPALIVE_TIME + PING_TIMEOUT + MARGIN
    context.took("a dead device is gone after, in s", context.recorder.clock() - since, allowed)


async def do_not_read(context: TrialContext, address: str, devices: Sequence[Device]) -> None:
    """What is written to them queues behind what they do not take, so nothing else ends them."""
    since = context.recorder.clock()
    await fleet.connect_all(devices, address, reads=False)
    await asyncio.gather(*(full_or_closed(device) for device in devices))
    await none_counts_as_connected(context, address, devices)
    for device in devices:
        await device.connection.closed.wait()
    allowed = JITTER * CONNECTION_AGE + GRACE + MARGIN
    context.took("a device that does not read is gone after, in s", context.recorder.clock() - since, allowed)


async def full_or_closed(device: Device) -> None:
    """Wait until no byte more may be written to it, or until it was given up before that."""
    ends = [asyncio.ensure_future(end.wait()) for end in (device.connection.full, device.connection.closed)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()


async def none_counts_as_connected(context: TrialContext, address: str, devices: Sequence[Device]) -> None:
    """Wait until none of them counts as connected any more."""
    left = await connected.wait_disconnected(address, devices, context.timeout)
    context.measured("dead devices that still count as connected", len(left), 0)


DEAD_PEERS: Final = Trial(
    name="dead-peers",
    says="the dead are found out by pings, those that do not read by the age of their connections",
    run=are_gone,
    full=10,
    short=1,
)
