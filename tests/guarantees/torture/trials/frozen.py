"""Trial *frozen*: processes with devices stand still, under traffic, for longer than they may."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

from tests.guarantees.torture.context import USERS, TrialContext
from tests.guarantees.torture.device_process import STALL_TIMEOUT
from tests.guarantees.torture.frozen_devices import frozen_devices
from tests.guarantees.torture.trial import Trial

#: Processes, each with a device of each user.
NAMES: Final = ("phone", "tablet")

#: How long traffic flows between two stops at most, in seconds.
CALM: Final = 0.4

#: After one of so many stops, a process ends as soon as it goes on, and another starts from what it stored.
RESTARTS: Final = 3


async def freeze(context: TrialContext) -> None:
    """Stop one of the processes in each round, and let it go on, or end at once."""
    async with context.server() as server, AsyncExitStack() as processes:
        env = context.patched()
        stopped = [
            await processes.enter_async_context(
                frozen_devices(name, USERS, server.address, context.recorder, context.folder, env)
            )
            for name in NAMES
        ]
        async with context.traffic(server.address, beside=stopped):
            for number in range(context.rounds):
                await asyncio.sleep(context.random.uniform(0, CALM))
                devices = context.random.choice(stopped)
                await devices.freeze(context.random.uniform(1.2, 2.4) * STALL_TIMEOUT)
                if number % RESTARTS == 1:
                    await devices.end()
                    await devices.start()
                context.done()


FROZEN: Final = Trial(
    name="frozen",
    says="SIGSTOP and SIGCONT: devices that stand still",
    run=freeze,
    full=60,
    short=2,
)
