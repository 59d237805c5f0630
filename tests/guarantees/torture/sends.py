"""Sends of a backend: one after the other in the background, or many at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random

from unisono.client import Draft, Publisher, SendResult


@asynccontextmanager
async def sending(
    publisher: Publisher, users: Sequence[str], chance: Random, *, pause: float
) -> AsyncIterator[None]:
    """Send to a random user after each `pause` (seconds), inside the context.

    Raises the error of a send at its end.
    """

    async def keep_sending() -> None:
        while True:
            await publisher.send(chance.choice(users), title=f"No. {chance.random()}")
            await asyncio.sleep(pause)

    task = asyncio.create_task(keep_sending())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def send_all(publisher: Publisher, drafts: Sequence[Draft]) -> list[SendResult]:
    """Send the drafts in their order, and return the results. Raises the first error of a send."""
    outcomes = await publisher.batch(drafts)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, SendResult)]
