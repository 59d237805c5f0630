"""Devices come and go, over and over, in every way and at any moment: nothing of them stays behind."""

import asyncio
from random import Random
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import connected, fleet
from tests.support.http2.device import Device
from tests.support.process_stats import resident
from tests.support.processes import Environment
from unisono.verify.recording import Recorder

#: Devices that come and go at the same time, as many for each user as may be connected.
DEVICES: Final = 2 * fleet.PER_USER

#: How often each does so in a round, and the part of all of it that comes before anything is measured,
#: besides one round.
TIMES: Final = 5
WARM_UP: Final = 0.1

#: How soon a device may be gone that does not wait to be welcomed, in seconds: about when it would be.
SOON_SECONDS: Final = 0.02

#: What memory may grow by: what a short run is not warm for, which is at times one step of up to 10 MB,
#: and 0.1 KB per stream that is broken off, which grpcio loses
#: (https://github.com/grpc/grpc/issues/43360), with half again; in bytes.
BESIDE: Final = 12_000_000
PER_CYCLE: Final = 150

#: No person's devices come so often; these are not to be refused for it.
OFTEN: Final[Environment] = {"UNISONO_SUBSCRIBES_PER_SECOND": "1000000"}


async def come_and_go(context: TrialContext) -> None:
    """So many cycles in each round; memory is looked at before and after all of them."""
    async with context.server(env=OFTEN) as server:
        await cycles(context, server.address, int(TIMES + WARM_UP * TIMES * context.rounds))
        await nobody_is_there(context, server.address)
        before = resident(server.process.pid)
        for _ in range(context.rounds):
            await cycles(context, server.address, TIMES)
            context.done()
        await nobody_is_there(context, server.address)
        grown, count = resident(server.process.pid) - before, context.rounds * TIMES * DEVICES
        what = "memory that grew while devices came and went, in bytes"
        context.measured(what, grown, BESIDE + PER_CYCLE * count, before=before, cycles=count)
        await others_are_admitted(context, server.address)


def everybody(context: TrialContext) -> list[Device]:
    """The same endpoints each time. Nothing is sent to them: what they hear is not kept to be judged."""
    return fleet.devices(Recorder(context.recorder.clock), "cycle", DEVICES)


async def cycles(context: TrialContext, address: str, times: int) -> None:
    """Let each come and go so often."""
    chances = {device: Random(context.random.random()) for device in everybody(context)}  # noqa: S311
    await asyncio.gather(*(come_and_leave(*one, address, times) for one in chances.items()))


async def nobody_is_there(context: TrialContext, address: str) -> None:
    """No endpoint counts as connected."""
    taken = await connected.wait_disconnected(address, everybody(context), context.timeout)
    context.measured("endpoints that count as connected, and nobody is there", len(taken), 0)


async def come_and_leave(device: Device, chance: Random, address: str, times: int) -> None:
    """Decently or not, when it is live or at any moment before."""
    for _ in range(times):
        await device.connect(address)
        if chance.random() < 0.5:
            await device.caught_up()
        else:
            await asyncio.sleep(chance.uniform(0, SOON_SECONDS))
        if chance.random() < 0.5:
            device.leave()
        else:
            device.abort()


async def others_are_admitted(context: TrialContext, address: str) -> None:
    """As many as may be connected: no stream is counted of somebody who is gone."""
    users, numbers = fleet.users(everybody(context)), range(fleet.PER_USER)
    others = [Device(context.recorder, user_id, f"other-{n}") for user_id in users for n in numbers]
    await fleet.connect_all(others, address)
    fleet.abort_all(others)


CYCLES: Final = Trial(
    name="cycles",
    says="devices that come and go leave no memory and no subscriber behind",
    run=come_and_go,
    full=200,
    short=2,
    rounds_per_history=200,
)
