"""What happens in the demo, and whether it ended as promised."""

import asyncio
from collections.abc import Sequence

from demo.gadget import Gadget
from demo.stage import Stage
from unisono.client import Publisher, SendResult

USER = "ada"

#: As the user reads them: short, so that three devices fit side by side on a narrow terminal.
PARCEL = "Parcel delivered"
BUILD = "The build failed"
LUNCH = "Lunch at noon?"
TRAINS = "Trains are late"
INVOICE = "An invoice is due"
INVOICE_REWRITTEN = "Invoice due today"
SPAM = "You have won!"


class Story:
    """Three devices of one person, and a backend that sends to the person."""

    def __init__(self, publisher: Publisher, gadgets: Sequence[Gadget], stage: Stage) -> None:
        self._publisher = publisher
        self._gadgets = gadgets
        self._phone, self._laptop, self._browser = gadgets
        self._stage = stage

    async def tell(self) -> bool:
        """Run it all; whether every device and the store ended in the same state."""
        self._stage.narrate(f"Three devices of {USER} connect.")
        await asyncio.gather(*(gadget.switch_on() for gadget in self._gadgets))
        await self._stage.pause()
        parcel, build = await self._send_two()
        self._stage.narrate("The parcel is read on the phone: it is read everywhere.")
        await self._everywhere(await self._phone.read(parcel.id))
        self._stage.narrate("The failed build is dismissed on the laptop: it is dismissed everywhere.")
        await self._everywhere(await self._laptop.dismiss(build.id))
        await self._while_away(parcel)
        self._stage.narrate(
            "The browser is back. It gets what differs, once, and rings for what still waits."
        )
        await self._browser.switch_on()
        self._stage.switched(self._browser)
        await self._stage.pause()
        return await self._judge()

    async def _send_two(self) -> tuple[SendResult, SendResult]:
        self._stage.narrate("The backend sends two notifications to the user, not to any device.")
        parcel = await self._send(PARCEL)
        build = await self._send(BUILD)
        await self._everywhere(build.revision)
        return parcel, build

    async def _while_away(self, parcel: SendResult) -> None:
        """Ten changes: four sends, three marks, one rewrite, two withdrawals."""
        self._stage.narrate("The browser goes offline, and ten things change without it.")
        await self._browser.switch_off()
        self._stage.switched(self._browser)
        await self._stage.pause()
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
            await self._stage.pause(0.2)
        last = await self._publisher.delete(USER, parcel)
        await asyncio.gather(self._phone.reach(last.revision), self._laptop.reach(last.revision))
        await self._stage.pause()

    async def _judge(self) -> bool:
        stored = tuple([row async for row in self._publisher.list(USER)])
        same = [gadget.notifications == stored for gadget in self._gadgets]
        counts = {gadget.unread_count for gadget in self._gadgets}
        received, rang = self._browser.received, self._browser.rang
        self._stage.narrate("In the end:")
        self._stage.say("store", f"holds {len(stored)} notifications")
        for gadget, equal in zip(self._gadgets, same, strict=True):
            held = "holds the same" if equal else "HOLDS SOMETHING ELSE"
            self._stage.say(gadget.name, f"{held}, {gadget.unread_count} unread")
        self._stage.say(
            self._browser.name, f"got {received} events for 10 changes, and rang for: {', '.join(rang)}"
        )
        return all(same) and counts == {1} and rang == [INVOICE_REWRITTEN]

    async def _send(self, title: str) -> SendResult:
        sent = await self._publisher.send(USER, title=title)
        await self._stage.pause(0.2)
        return sent

    async def _everywhere(self, revision: int) -> None:
        await asyncio.gather(*(gadget.reach(revision) for gadget in self._gadgets))
        await self._stage.pause()


def verdict(names: Sequence[str], unison: bool) -> str:
    """The last line."""
    if unison:
        return f"{', '.join(names)} and store: in unison."
    return "NOT in unison: this is a bug; please report it with the lines above."
