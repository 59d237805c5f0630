"""Runs work to its end, whatever is cancelled meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_shielded(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end. When cancelled meanwhile, raise `CancelledError` after that.

    Raises what the coroutine raises, except after a cancellation.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
