"""Streams that stay open for longer than their tokens are good."""

import asyncio
from typing import Final

from tests.guarantees.torture.bench import ACCESS, Bench
from tests.guarantees.torture.trial import Trial
from tests.support import tokens
from unisono.verify.load.access import Access, Token

#: Seconds for which the token of a device is good, and for which a round goes on.
_GOOD: Final = 2
_SPAN: Final = 2.5


async def expire(bench: Bench) -> None:
    """All devices get a new token when the old one is refused, and miss nothing."""

    def short_lived(user_id: str) -> Token:
        return lambda: tokens.device(user_id, exp=int(bench.recorder.clock()) + _GOOD)

    access = Access(app_id=ACCESS.app_id, backend=ACCESS.backend, user=short_lived)
    async with bench.server() as server, bench.traffic(server.address, access=access):
        for _ in range(bench.rounds):
            await asyncio.sleep(_SPAN)
            bench.done()


EXPIRED: Final = Trial(
    name="tokens",
    says="tokens that expire under open streams",
    run=expire,
    full=20,
    short=2,
)
