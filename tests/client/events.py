"""Waits for events of a device."""

import asyncio

from tests.support.processes import TIMEOUT
from unisono.client import Event, Events


async def next_events(events: Events, count: int) -> list[Event]:
    """Return the next `count` events."""
    async with asyncio.timeout(TIMEOUT):
        return [await anext(events) for _ in range(count)]
