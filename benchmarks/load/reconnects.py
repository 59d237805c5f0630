"""Devices that were connected once, and reconnect from the same position as often as it is measured."""

from collections.abc import Sequence
from copy import copy

from benchmarks.load import listeners
from benchmarks.load.listeners import ArrivalCounter, Device


async def register(devices: Sequence[Device], address: str) -> None:
    """Connect devices for the first time until each has a resume token, and disconnect them."""
    synced = ArrivalCounter()
    streams = [device.stream(synced, ArrivalCounter()) for device in devices]
    await listeners.connect(streams, address)
    await synced.until(len(streams))
    for stream in streams:
        stream.close()


class Reconnect:
    """One reconnect of devices; `events` has the counter of each one's events, in the order of the devices.

    Their new resume tokens are dropped, so that the next reconnect begins at the same position.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self.events = [ArrivalCounter() for _ in devices]
        self._synced = ArrivalCounter()
        self._streams = [
            copy(device).stream(self._synced, events)
            for device, events in zip(devices, self.events, strict=True)
        ]

    async def all_synced(self, address: str, concurrency: int) -> None:
        """Connect all, `concurrency` at the same time, and wait until each is synced; raises OSError."""
        await listeners.connect(self._streams, address, concurrency)
        await self._synced.until(len(self._streams))

    def leave(self) -> None:
        """Reset the connections of all streams."""
        for stream in self._streams:
            stream.close()
