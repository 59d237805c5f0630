"""Trial *crowded*: feeds that are full all the time, so that what was read gives way to what is new."""

import asyncio
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.trial import Trial

#: How many notifications a feed may hold, and the length of a round, in seconds.
_LIVE: Final = 12
_SPAN: Final = 1.0


async def crowd(context: TrialContext) -> None:
    """Run traffic on a server whose feeds hold little."""
    flags = ("--live-notifications-per-feed", str(_LIVE))
    async with context.server(*flags) as server, context.traffic(server.address):
        for _ in range(context.rounds):
            await asyncio.sleep(_SPAN)
            context.done()


CROWDED: Final = Trial(
    name="crowded",
    says="feeds are full all the time: what was read gives way to what is new",
    run=crowd,
    full=20,
    short=1,
)
