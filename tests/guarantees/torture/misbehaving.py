"""Devices that misbehave in three ways, and a flood of sends that they do not read."""

import asyncio
from dataclasses import dataclass
from typing import Final, Self

from tests.guarantees.torture.sends import send_all
from tests.support.http2 import fleet
from tests.support.http2.device import Device
from tests.support.processes import TIMEOUT
from unisono.client import Publisher, draft
from unisono.verify.recording import Recorder

#: The largest raw content (`Payload.raw_content`), and how often it is sent at a time: two of them fit into
#: the initial window of a stream.
LARGE: Final = b"x" * 32 * 1024
FLOOD: Final = 50

#: Streams of one user that misbehave: a few streams are left for others.
PER_USER: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaving:
    """Devices of three kinds, the same number of each, mixed on the same users."""

    #: Devices that make no room for more data, and answer pings.
    full: list[Device]
    #: Devices that read everything, and never acknowledge.
    mute: list[Device]
    #: Devices that read nothing from the socket, as when a cable was pulled.
    silent: list[Device]

    @classmethod
    def of_each(cls, recorder: Recorder, name: str, count: int) -> Self:
        """Make `count` devices of each kind, on users whose ids begin with `name`."""
        mixed = fleet.devices(recorder, name, 3 * count, per_user=PER_USER, bare=True)
        return cls(full=mixed[::3], mute=mixed[1::3], silent=mixed[2::3])

    @property
    def all(self) -> list[Device]:
        """Return the devices of all kinds."""
        return [*self.full, *self.mute, *self.silent]

    @property
    def stalled(self) -> list[Device]:
        """Return the devices that the server cannot write to."""
        return [*self.full, *self.silent]

    async def connect_all(self, address: str) -> None:
        """Connect all devices, and let them misbehave."""
        await fleet.connect_all(self.mute, address)
        await self.stall(address)

    async def stall(self, address: str) -> None:
        """Connect the devices that stall, and let the silent ones fall silent after their first message."""
        await fleet.connect_all(self.stalled, address, reads=False)
        await fleet.until_all(self.stalled, lambda device: bool(device.streams[-1].messages))
        for device in self.silent:
            device.connection.fall_silent()

    async def filled(self) -> None:
        """Wait until the windows of those that make no room are full."""
        async with asyncio.timeout(TIMEOUT):
            for device in self.full:
                await device.connection.full.wait()


async def flood(publisher: Publisher, users: list[str]) -> dict[str, int]:
    """Send 50 large notifications to each user, and return the last revision of each."""
    last: dict[str, int] = {}
    for user_id in users:
        sent = await send_all(publisher, [draft(user_id, raw_content=LARGE) for _ in range(FLOOD)])
        last[user_id] = max(result.revision for result in sent)
    return last
