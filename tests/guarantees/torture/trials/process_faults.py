"""Trials *killed*, *stopped* and *paused*: signals to the server at any moment, under traffic."""

import asyncio
import signal
from functools import partial
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.trial import Trial

#: How long traffic flows between two signals at most, and how long a server is paused at most, in seconds.
CALM: Final = 0.6
STILL: Final = 0.5


async def end_by(number: signal.Signals, context: TrialContext) -> None:
    """End the server with this signal in each round, and start it again."""
    async with context.server() as server, context.traffic(server.address) as workload:
        for _ in range(context.rounds):
            await asyncio.sleep(context.random.uniform(0, CALM))
            await server.end(number)
            await server.start()
            await workload.wait_live()
            context.recorder.annotate("LIVE")
            context.done()


async def pause(context: TrialContext) -> None:
    """Pause the server in each round, as on a machine that is short of time."""
    async with context.server() as server, context.traffic(server.address):
        for _ in range(context.rounds):
            await asyncio.sleep(context.random.uniform(0, CALM))
            await server.pause(context.random.uniform(0, STILL))
            context.done()


KILLED: Final = Trial(
    name="killed",
    says="kill -9, at any moment under traffic",
    run=partial(end_by, signal.SIGKILL),
    full=200,
    short=1,
)
STOPPED: Final = Trial(
    name="stopped",
    says="SIGTERM: a drain under traffic",
    run=partial(end_by, signal.SIGTERM),
    full=30,
    short=1,
)
PAUSED: Final = Trial(
    name="paused",
    says="SIGSTOP and SIGCONT: a server without time",
    run=pause,
    full=40,
    short=2,
)
