"""Trial *dead-peers*: silent devices are found by pings, those that do not read by the connection's age."""

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

#: Seconds between pings, and how long one may go unanswered.
KEEPALIVE_TIME: Final = 1
PING_TIMEOUT: Final = 1

#: Seconds after which a connection takes no new calls, and how long running calls may go on.
CONNECTION_AGE: Final = 1
GRACE: Final = 1

#: The factor by which ages of connections vary (gRFC A9), and the seconds allowed besides: to connect, to
#: store who is gone, and to read it.
JITTER: Final = 1.1
MARGIN: Final = 2.0

#: Activity of endpoints is written with each sweep.
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
    """In each round, on servers with short timeouts, let some devices fall silent, and others not read."""
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
    """Let one half answer no pings, and the other read nothing, and measure when all are gone."""
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
    """Connect devices that do not read, and measure when all are gone.

    Only the age of their connections ends them: all else queues behind what they do not read.
    """
    since = context.recorder.clock()
    await fleet.connect_all(devices, address, reads=False)
    await asyncio.gather(*(full_or_closed(device) for device in devices))
    await none_counts_as_connected(context, address, devices)
    for device in devices:
        await device.connection.closed.wait()
    allowed = JITTER * CONNECTION_AGE + GRACE + MARGIN
    context.took("a device that does not read is gone after, in s", context.recorder.clock() - since, allowed)


async def full_or_closed(device: Device) -> None:
    """Wait until the device's window is full, or its connection is closed before."""
    ends = [asyncio.ensure_future(end.wait()) for end in (device.connection.full, device.connection.closed)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()


async def none_counts_as_connected(context: TrialContext, address: str, devices: Sequence[Device]) -> None:
    """Wait until no device counts as connected, and record how many still do."""
    left = await connected.wait_disconnected(address, devices, context.timeout)
    context.measured("dead devices that still count as connected", len(left), 0)


DEAD_PEERS: Final = Trial(
    name="dead-peers",
    says="the dead are found out by pings, those that do not read by the age of their connections",
    run=are_gone,
    full=10,
    short=1,
)
