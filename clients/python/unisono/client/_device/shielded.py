"""Work that is done to its end. Knows nothing of what it is."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_shielded(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end, also when cancelled meanwhile: then raise that after it."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
