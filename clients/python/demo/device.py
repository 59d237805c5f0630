"""One device of the person: the SDK's `Device`, which is switched on and off, and tells what happens."""

import asyncio
from collections.abc import Callable

from unisono.client import Device, Event, Events, MarkResult, MemoryStorage, Notification, Platform, Status

Happened = Callable[["DemoDevice", Event], None]


class DemoDevice:
    """Keeps its inbox while it is off, as a phone does; `rang` and `received` begin anew when it is on."""

    def __init__(self, name: str, platform: Platform, *, target: str, token: str, happened: Happened) -> None:
        self.name = name
        self.on = False
        self.received = 0
        self.rang: list[str] = []
        self._platform = platform
        self._target = target
        self._token = token
        self._happened = happened
        self._storage = MemoryStorage()
        self._device = self._new_device()
        self._listening: asyncio.Task[None] | None = None

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """What it holds, newest first; what it held last, while it is off."""
        return self._device.notifications

    @property
    def unread_count(self) -> int:
        """Its badge."""
        return self._device.unread_count

    async def switch_on(self) -> None:
        """Connect, and wait until nothing is missing."""
        self.received, self.rang = 0, []
        self._device = self._new_device()
        await self._device.open()
        self._listening = asyncio.create_task(self._listen(self._device.events()))
        self.on = True
        await self._device.wait_for(lambda device: device.status is Status.LIVE)

    async def switch_off(self) -> None:
        """Lose the connection."""
        if self._listening is not None:
            await self._device.close()
            await self._listening
            self._listening, self.on = None, False

    async def reach(self, revision: int) -> None:
        """Wait until it is in the state of this revision, and has told what happened."""
        await self._device.wait_for(lambda device: device.revision >= revision)
        # What was told at that revision is in the iterator; its task has its turn now.
        await asyncio.sleep(0)

    async def read(self, id_: str) -> int:
        """The person reads it here; the revision at which everybody knows."""
        return _revision(await self._device.mark_read(id_))

    async def dismiss(self, id_: str) -> int:
        """The person dismisses it here; the revision at which everybody knows."""
        return _revision(await self._device.dismiss(id_))

    def _new_device(self) -> Device:
        return Device(
            self._target,
            self._token,
            endpoint_id=self.name,
            platform=self._platform,
            display_name=f"Ada's {self.name}",
            storage=self._storage,
        )

    async def _listen(self, events: Events) -> None:
        async for event in events:
            self.received += 1
            if event.ring:
                self.rang.append(event.notification.title)
            self._happened(self, event)


def _revision(result: MarkResult | None) -> int:
    if result is None:
        raise ConnectionError("a device lost its connection")
    return result.last_revision
