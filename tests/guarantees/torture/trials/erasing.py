"""Trial *erasing*: users who are deleted under traffic, while the server is killed."""

import asyncio
import signal
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Final

from tests.guarantees.torture.context import USERS, TrialContext
from tests.guarantees.torture.trial import Trial
from tests.support import tokens
from unisono.client import FeedBarred, Publisher

#: How long traffic flows between two deletions at most, and how soon the server is killed, in seconds.
CALM: Final = 0.4
SOON: Final = 0.03

#: Longer than a trial.
BAR: Final = timedelta(hours=1)


async def erase(context: TrialContext) -> None:
    """Delete a user of the workload in each round, and another for good; kill the server then, and again."""
    async with (
        context.server() as server,
        context.backend(server.address, token=tokens.publisher(scope=tokens.ERASER_SCOPES)) as backend,
        context.traffic(server.address) as workload,
    ):
        for number in range(context.rounds):
            await asyncio.sleep(context.random.uniform(0, CALM))
            gone = f"gone {number}"
            await backend.send(gone, title="Soon forgotten")
            deleting = asyncio.gather(
                backend.delete_user(context.random.choice(USERS)), backend.delete_user(gone, bar_for=BAR)
            )
            await asyncio.sleep(context.random.uniform(0, SOON))
            await server.end(signal.SIGKILL)
            await server.start()
            await deleting
            await server.end(signal.SIGKILL)
            await server.start()
            await _refused(backend.send(gone, title="Too soon"))
            await _refused(backend.get_feed(gone))
            await workload.wait_live()
            await _settled(backend)
            context.done()


async def _refused(call: Awaitable[object]) -> None:
    """Make a call of a barred user: whether it is refused, the judge sees."""
    with suppress(FeedBarred):
        await call


async def _settled(backend: Publisher) -> None:
    """Read what is there of each user, for the judge to compare."""
    for user_id in USERS:
        async for _ in backend.list(user_id, page_size=500):
            pass


ERASING: Final = Trial(
    name="erasing",
    says="users deleted under traffic, and kill -9 meanwhile",
    run=erase,
    full=60,
    short=1,
)
