"""Trial *cycles*: devices connect and leave, in every way and at any moment, and leave nothing behind."""

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

#: Cycles of each device in a round, and the share of all rounds that is run before anything is measured,
#: besides one round.
TIMES: Final = 5
WARM_UP: Final = 0.1

#: After how many seconds at most a device leaves that does not wait for its Welcome: about when it comes.
SOON_SECONDS: Final = 0.02

#: By how many bytes memory may grow: a step of up to 10 MB, for which a short run does not warm up, and for
#: each stream that is broken off 0.1 KB, which grpcio loses
#: (https://github.com/grpc/grpc/issues/43360), and half again.
BESIDE: Final = 12_000_000
PER_CYCLE: Final = 150

#: No person's devices subscribe so often, nor do those of an address connect: these are to be admitted.
OFTEN: Final[Environment] = {
    "UNISONO_SUBSCRIBES_PER_SECOND": "1000000",
    "UNISONO_NEW_CONNECTIONS_PER_ADDRESS": "100000",
}


async def come_and_go(context: TrialContext) -> None:
    """Run cycles in each round, and measure memory before and after all rounds."""
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
    """Return devices of the same endpoints each time; nothing is sent to them, and no history is kept."""
    return fleet.devices(Recorder(context.recorder.clock), "cycle", DEVICES)


async def cycles(context: TrialContext, address: str, times: int) -> None:
    """Let each device connect and leave `times` times, all at the same time."""
    chances = {device: Random(context.random.random()) for device in everybody(context)}  # noqa: S311
    await asyncio.gather(*(come_and_leave(*one, address, times) for one in chances.items()))


async def nobody_is_there(context: TrialContext, address: str) -> None:
    """Wait until no endpoint counts as connected, and record how many still do."""
    taken = await connected.wait_disconnected(address, everybody(context), context.timeout)
    context.measured("endpoints that count as connected, and nobody is there", len(taken), 0)


async def come_and_leave(device: Device, chance: Random, address: str, times: int) -> None:
    """Connect and leave, with a cancellation or a reset, when live or at any moment before."""
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
    """Connect as many other devices as the limit admits: streams that are gone must not count."""
    users, numbers = fleet.users(everybody(context)), range(fleet.PER_USER)
    others = [Device(context.recorder, user_id, f"other-{n}") for user_id in users for n in numbers]
    await fleet.connect_all(others, address)
    fleet.abort_all(others)


CYCLES: Final = Trial(
    name="cycles",
    says="devices that come and go leave no memory and no subscriber behind",
    run=come_and_go,
    full=200,
    short=1,
    rounds_per_history=200,
)
