"""Whom nobody hears of any more is given up: the silent by pings, those that do not read by age."""

from collections.abc import Sequence
from typing import Final

from tests.guarantees.torture.bench import Bench
from tests.guarantees.torture.misbehaving import flood
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import crowd, seats
from tests.support.http2.device import PATIENCE, Device
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


async def are_gone(bench: Bench) -> None:
    """In each round, on servers of short patience: some of each kind."""
    silent = crowd.devices(bench.recorder, "silent", 2 * EACH)
    full = crowd.devices(bench.recorder, "full", EACH, bare=True)
    for _ in range(bench.rounds):
        async with bench.server(env=PINGING) as server:
            await fall_silent(bench, server.address, silent)
        async with (
            bench.server(env=AGING) as server,
            bench.backend(server.address, patience=PATIENCE) as publisher,
        ):
            await flood(publisher, crowd.users(full))
            await do_not_read(bench, server.address, full)
        bench.done()


async def fall_silent(bench: Bench, address: str, devices: Sequence[Device]) -> None:
    """One half answers no ping, the other takes nothing off the wire."""
    await crowd.arrive(devices, address)
    since = bench.recorder.clock()
    for device in devices[::2]:
        device.connection.answers_pings = False
    for device in devices[1::2]:
        device.connection.fall_silent()
    await seats.taken(address, devices)
    crowd.vanish(devices)
    allowed = KEEPALIVE_TIME + PING_TIMEOUT + MARGIN
    bench.measured("a dead device is gone after, in s", bench.recorder.clock() - since, allowed)


async def do_not_read(bench: Bench, address: str, devices: Sequence[Device]) -> None:
    """What is written to them queues behind what they do not take, so nothing else ends them."""
    since = bench.recorder.clock()
    await crowd.arrive(devices, address, reads=False)
    for device in devices:
        await device.connection.full.wait()
    await seats.taken(address, devices)
    for device in devices:
        await device.connection.closed.wait()
    allowed = JITTER * CONNECTION_AGE + GRACE + MARGIN
    bench.measured("a device that does not read is gone after, in s", bench.recorder.clock() - since, allowed)


GONE: Final = Trial(
    name="gone",
    says="the dead are found out by pings, those that do not read by the age of their connections",
    run=are_gone,
    full=10,
    short=1,
)
