"""Trial *tokens*: tokens of devices expire under open streams."""

import asyncio
from typing import Final

from tests.guarantees.torture.context import ACCESS, TrialContext
from tests.guarantees.torture.trial import Trial
from tests.support import tokens
from unisono.verify.load.access import Access, Token

#: Lifetime of a device's token, in seconds.
_GOOD: Final = 2


async def expire(context: TrialContext) -> None:
    """Wait until the token of every device has expired once in each round; none may miss anything."""

    def short_lived(user_id: str) -> Token:
        return lambda: tokens.device(user_id, exp=int(context.recorder.clock()) + _GOOD)

    access = Access(app_id=ACCESS.app_id, backend=ACCESS.backend, user=short_lived)
    async with context.server() as server, context.traffic(server.address, access=access) as workload:
        for number in range(1, context.rounds + 1):
            async with asyncio.timeout(_GOOD + context.timeout):
                while ended_for_it(context) < number * len(workload.devices):
                    await asyncio.sleep(0.02)
            context.done()


def ended_for_it(context: TrialContext) -> int:
    """Return how many streams have ended because their token expired."""
    return sum(stream.reason == "TOKEN_EXPIRED" for stream in context.recorder.history.streams)


EXPIRED: Final = Trial(
    name="tokens",
    says="tokens that expire under open streams",
    run=expire,
    full=20,
    short=1,
)
