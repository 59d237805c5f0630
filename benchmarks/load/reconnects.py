"""Devices that were there, went away, and come back from where they were, as often as it is measured.

Knows no server, but where it is.
"""

from collections.abc import Sequence
from copy import copy

from benchmarks.load import listeners
from benchmarks.load.listeners import ArrivalCounter, Device


async def register(devices: Sequence[Device], address: str) -> None:
    """Let them connect for the first time and leave: each has a token from then on."""
    synced = ArrivalCounter()
    streams = [device.stream(synced, ArrivalCounter()) for device in devices]
    await listeners.connect(streams, address)
    await synced.until(len(streams))
    for stream in streams:
        stream.close()


class Reconnect:
    """They come back, once. `events` has what each of them was told, in their order.

    The tokens that they get are not kept: the next time they come back from where they were before.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        self.events = [ArrivalCounter() for _ in devices]
        self._synced = ArrivalCounter()
        self._streams = [
            copy(device).stream(self._synced, events)
            for device, events in zip(devices, self.events, strict=True)
        ]

    async def all_synced(self, address: str, concurrency: int) -> None:
        """Let them connect, so many at the same time, and wait until each has what it had missed."""
        await listeners.connect(self._streams, address, concurrency)
        await self._synced.until(len(self._streams))

    def leave(self) -> None:
        """Break all their streams off."""
        for stream in self._streams:
            stream.close()
