"""Trials *lossy* and *deaf*: hints in the server are dropped, delayed, repeated, reordered, or all lost."""

import asyncio
from functools import partial
from typing import Final

from tests.guarantees.patches import Patch
from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.trial import Trial

#: Code that the server runs instead of the import of its bus.
_LOSSY: Final = """
from functools import partial
from random import Random
from tests.support.buses import LossyBus
LocalBus = partial(LossyBus, Random({seed}))
"""
_DEAF: Final = "from tests.support.buses import NullBus as LocalBus"

#: Settings with which streams ask the store every 0.3 s, and the length of a round, in seconds.
_TICKS: Final = {"UNISONO_HEARTBEAT_MIN": "0.1", "UNISONO_HEARTBEAT": "0.3", "UNISONO_HEARTBEAT_MAX": "0.3"}
_SPAN: Final = 1.0


async def bad_bus(bus: str, context: TrialContext) -> None:
    """Run traffic on a server with this bus; all promises hold, only slower."""
    real = "from unisono.server.bus.local import LocalBus"
    patch = Patch(file="app/build.py", old=real, new=bus.format(seed=context.seed))
    async with context.server(env=_TICKS, patches=[patch]) as server, context.traffic(server.address):
        for _ in range(context.rounds):
            await asyncio.sleep(_SPAN)
            context.done()


LOSSY: Final = Trial(
    name="lossy",
    says="hints dropped, delayed, repeated, reordered",
    run=partial(bad_bus, _LOSSY),
    full=20,
    short=1,
)
DEAF: Final = Trial(
    name="deaf",
    says="all hints dropped",
    run=partial(bad_bus, _DEAF),
    full=20,
    short=1,
)
