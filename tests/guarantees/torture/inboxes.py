"""Checks what devices of the SDK hold in the end.

The judge checks what was received from the server, and what rang; this checks what the SDK made of it.
"""

import asyncio
from typing import Protocol

from unisono.client import Device, Notification, Platform, Publisher
from unisono.verify.load.traffic import PLATFORMS
from unisono.verify.load.workload import Workload


class Settling(Protocol):
    """Something that holds what the store lists, once it is left alone."""

    async def agrees(self, backend: Publisher, timeout: float) -> None:
        """Wait until it does. Raises `TimeoutError` after `timeout` seconds."""
        ...


class Inbox:
    """One device as its app sees it."""

    def __init__(self, user_id: str, platform: Platform, device: Device) -> None:
        self.user_id = user_id
        self._platform = platform
        self._device = device

    async def agrees(self, backend: Publisher, timeout: float) -> None:
        """Wait until the device holds what the store lists. Raises `TimeoutError` after `timeout` seconds.

        Both may still change, by expiries and ends of snoozes.
        """
        async with asyncio.timeout(timeout):
            while not await self._agrees(backend):
                await asyncio.sleep(0.1)

    async def _agrees(self, backend: Publisher) -> bool:
        """Compare without order: a device sorts by creation times, which jump where the clock does."""
        listed = [row async for row in backend.list(self.user_id, page_size=500)]
        wanted = {row.id: row for row in listed if self._is_for(row)}
        held = {row.id: row for row in self._device.notifications}
        return held == wanted and self._device.unread_count == sum(
            row.counts_as_unread for row in wanted.values()
        )

    def _is_for(self, row: Notification) -> bool:
        everyone = not (row.platforms or row.endpoint_ids)
        return everyone or self._platform in row.platforms or self._device.endpoint_id in row.endpoint_ids


def inboxes_of(workload: Workload) -> list[Inbox]:
    """Return an inbox for each device of a workload."""
    return [
        Inbox(user_id, platform, device)
        for user_id in workload.users
        for platform, device in zip(PLATFORMS, workload.devices_of(user_id), strict=True)
    ]
