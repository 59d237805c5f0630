"""The scenario of the demo, and the check that it ended as promised."""

import asyncio
from collections.abc import Sequence

from demo.device import DemoDevice
from demo.display import Display
from unisono.client import Publisher, SendResult

USER = "ada"

#: Titles that are short, so that three devices fit side by side on a narrow terminal.
PARCEL = "Parcel delivered"
BUILD = "The build failed"
LUNCH = "Lunch at noon?"
TRAINS = "Trains are late"
INVOICE = "An invoice is due"
INVOICE_REWRITTEN = "Invoice due today"
SPAM = "You have won!"


class Scenario:
    """The scenario: three devices of one person, and a backend that sends to the person.

    `devices` are the phone, the laptop and the browser, in this order.
    """

    def __init__(self, publisher: Publisher, devices: Sequence[DemoDevice], display: Display) -> None:
        self._publisher = publisher
        self._devices = devices
        self._phone, self._laptop, self._browser = devices
        self._display = display

    async def run(self) -> bool:
        """Run the scenario; return whether every device and the store ended in the same, expected, state.

        Raises `UnisonoError` or `ConnectionError` when a call fails or a connection is lost.
        """
        self._display.narrate(f"Three devices of {USER} connect.")
        await asyncio.gather(*(device.switch_on() for device in self._devices))
        await self._display.pause()
        parcel, build = await self._send_two()
        self._display.narrate("The parcel is read on the phone: it is read everywhere.")
        await self._everywhere(await self._phone.read(parcel.id))
        self._display.narrate("The failed build is dismissed on the laptop: it is dismissed everywhere.")
        await self._everywhere(await self._laptop.dismiss(build.id))
        await self._while_away(parcel)
        self._display.narrate(
            "The browser is back. It gets what differs, once, and rings for what still waits."
        )
        await self._browser.switch_on()
        self._display.switched(self._browser)
        await self._display.pause()
        return await self._judge()

    async def _send_two(self) -> tuple[SendResult, SendResult]:
        self._display.narrate("The backend sends two notifications to the user, not to any device.")
        parcel = await self._send(PARCEL)
        build = await self._send(BUILD)
        await self._everywhere(build.revision)
        return parcel, build

    async def _while_away(self, parcel: SendResult) -> None:
        """Make ten changes without the browser: four sends, three marks, one rewrite, two withdrawals."""
        self._display.narrate("The browser goes offline, and ten things change without it.")
        await self._browser.switch_off()
        self._display.switched(self._browser)
        await self._display.pause()
        lunch = await self._send(LUNCH)
        trains = await self._send(TRAINS)
        invoice = await self._send(INVOICE)
        spam = await self._send(SPAM)
        for change in (
            self._phone.read(lunch.id),
            self._phone.dismiss(trains.id),
            self._publisher.update(USER, invoice, title=INVOICE_REWRITTEN),
            self._publisher.delete(USER, spam),
            self._laptop.dismiss(lunch.id),
        ):
            await change
            await self._display.pause(0.2)
        last = await self._publisher.delete(USER, parcel)
        await asyncio.gather(self._phone.reach(last.revision), self._laptop.reach(last.revision))
        await self._display.pause()

    async def _judge(self) -> bool:
        stored = tuple([row async for row in self._publisher.list(USER)])
        same = [device.notifications == stored for device in self._devices]
        counts = {device.unread_count for device in self._devices}
        received, rang = self._browser.received, self._browser.rang
        self._display.narrate("In the end:")
        self._display.say("store", f"holds {len(stored)} notifications")
        for device, equal in zip(self._devices, same, strict=True):
            held = "holds the same" if equal else "HOLDS SOMETHING ELSE"
            self._display.say(device.name, f"{held}, {device.unread_count} unread")
        self._display.say(
            self._browser.name, f"got {received} events for 10 changes, and rang for: {', '.join(rang)}"
        )
        return all(same) and counts == {1} and rang == [INVOICE_REWRITTEN]

    async def _send(self, title: str) -> SendResult:
        sent = await self._publisher.send(USER, title=title)
        await self._display.pause(0.2)
        return sent

    async def _everywhere(self, revision: int) -> None:
        await asyncio.gather(*(device.reach(revision) for device in self._devices))
        await self._display.pause()


def verdict(names: Sequence[str], unison: bool) -> str:
    """Return the last line of the demo."""
    if unison:
        return f"{', '.join(names)} and store: in unison."
    return "NOT in unison: this is a bug; please report it with the lines above."
