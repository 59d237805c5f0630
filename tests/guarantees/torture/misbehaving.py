"""Devices that misbehave, each kind in its way, and the flood that they do not take. Knows no bound."""

import asyncio
from dataclasses import dataclass
from typing import Final, Self

from tests.guarantees.torture.sends import send_all
from tests.support.http2 import fleet
from tests.support.http2.device import Device
from tests.support.processes import TIMEOUT
from unisono.client import Publisher, draft
from unisono.verify.recording import Recorder

#: The largest content that there is (contract, 7), and how often it is sent at a time: under flow control,
#: two fit into what a stream may be sent unasked.
LARGE: Final = b"x" * 32 * 1024
FLOOD: Final = 50

#: Streams of one user that misbehave: a few streams are left for others.
PER_USER: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaving:
    """The same number of each kind, mixed on the same users."""

    #: They make no room for more data, and answer pings.
    full: list[Device]
    #: They read everything, and never say so.
    mute: list[Device]
    #: They take nothing off the wire, as when a cable was pulled.
    silent: list[Device]

    @classmethod
    def of_each(cls, recorder: Recorder, name: str, count: int) -> Self:
        """So many of each."""
        mixed = fleet.devices(recorder, name, 3 * count, per_user=PER_USER, bare=True)
        return cls(full=mixed[::3], mute=mixed[1::3], silent=mixed[2::3])

    @property
    def all(self) -> list[Device]:
        """Of all kinds."""
        return [*self.full, *self.mute, *self.silent]

    @property
    def stalled(self) -> list[Device]:
        """Those to which something cannot be written."""
        return [*self.full, *self.silent]

    async def connect_all(self, address: str) -> None:
        """Connect, and misbehave."""
        await fleet.connect_all(self.mute, address)
        await self.stall(address)

    async def stall(self, address: str) -> None:
        """Connect those that stall, and let the last kind fall silent when they are welcomed."""
        await fleet.connect_all(self.stalled, address, reads=False)
        await fleet.until_all(self.stalled, lambda device: bool(device.streams[-1].messages))
        for device in self.silent:
            device.connection.fall_silent()

    async def filled(self) -> None:
        """Wait until no byte more may be written to those that make no room."""
        async with asyncio.timeout(TIMEOUT):
            for device in self.full:
                await device.connection.full.wait()


async def flood(publisher: Publisher, users: list[str]) -> dict[str, int]:
    """Send much to each; returns the last revision of each."""
    last: dict[str, int] = {}
    for user_id in users:
        sent = await send_all(publisher, [draft(user_id, raw_content=LARGE) for _ in range(FLOOD)])
        last[user_id] = max(result.revision for result in sent)
    return last
