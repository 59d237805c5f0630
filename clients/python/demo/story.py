"""What happens in the demo, and whether it ended as promised."""

import asyncio
from collections.abc import Sequence

import grpc

from demo.backend import USER, Backend, Hand
from demo.device import Device
from demo.words import NARRATOR, Say
from unisono.v1 import notification_pb2 as pb


class Story:
    """Three devices of one person, a backend, and a server."""

    def __init__(self, channel: grpc.aio.Channel, *, app_token: str, user_token: str, say: Say) -> None:
        self._say = say
        self._backend = Backend(channel, app_token)
        self._hand = Hand(channel, user_token)
        self._phone, self._laptop, self._browser = self._devices = [
            Device(name, platform, channel, user_token, say)
            for name, platform in (
                ("phone", pb.PLATFORM_ANDROID),
                ("laptop", pb.PLATFORM_MACOS),
                ("browser", pb.PLATFORM_WEB),
            )
        ]

    async def tell(self) -> bool:
        """Run it all; whether every device and the store ended in the same state."""
        self._narrate(f"Three devices of {USER} connect.")
        await asyncio.gather(*(device.go_online() for device in self._devices))
        parcel, build = await self._send_two()
        self._narrate("The parcel is read on the phone: it is read everywhere.")
        await self._everywhere(await self._hand.read("phone", parcel))
        self._narrate("The failed build is dismissed on the laptop: it is dismissed everywhere.")
        await self._everywhere(await self._hand.dismiss("laptop", build))
        await self._while_away(parcel)
        self._narrate("The browser is back. It gets what differs, once, and rings for what still waits.")
        await self._browser.go_online()
        return await self._judge()

    async def _send_two(self) -> tuple[str, str]:
        self._narrate("The backend sends two notifications to the user, not to any device.")
        parcel = await self._backend.send("Your parcel is at the door")
        build = await self._backend.send("The nightly build failed")
        await self._everywhere(build.revision)
        return parcel.id, build.id

    async def _while_away(self, parcel: str) -> None:
        """Ten changes: four sends, three marks, one rewrite, two withdrawals."""
        self._narrate("The browser goes offline, and ten things change without it.")
        await self._browser.go_offline()
        lunch = await self._backend.send("Lunch at noon?")
        trains = await self._backend.send("Trains are late")
        invoice = await self._backend.send("An invoice is due")
        spam = await self._backend.send("You have won!")
        await self._hand.read("phone", lunch.id)
        await self._hand.dismiss("phone", trains.id)
        await self._backend.rewrite(invoice.id, "An invoice is due tomorrow")
        await self._backend.withdraw(spam.id)
        await self._hand.dismiss("laptop", lunch.id)
        last = await self._backend.withdraw(parcel)
        await asyncio.gather(self._phone.reach(last), self._laptop.reach(last))

    async def _judge(self) -> bool:
        stored = await self._hand.history()
        same = [device.inbox == stored for device in self._devices]
        counts = {device.unread_count for device in self._devices}
        rang = self._browser.rang
        self._narrate("In the end:")
        self._say("store", f"holds {len(stored)} notifications")
        for device, equal in zip(self._devices, same, strict=True):
            held = "holds the same" if equal else "HOLDS SOMETHING ELSE"
            self._say(device.name, f"{held}; badge {device.unread_count}")
        self._say(
            "browser", f"got {self._browser.received} events for 10 changes, and rang for: {', '.join(rang)}"
        )
        return all(same) and counts == {1} and rang == ["An invoice is due tomorrow"]

    async def _everywhere(self, revision: int) -> None:
        await asyncio.gather(*(device.reach(revision) for device in self._devices))

    def _narrate(self, what: str) -> None:
        self._say(NARRATOR, what)


def verdict(names: Sequence[str], unison: bool) -> str:
    """The last line."""
    if unison:
        return f"{', '.join(names)} and store: in unison."
    return "NOT in unison: this is a bug; please report it with the lines above."
