"""One device of the person: a `Device` of the SDK that is switched on and off, and reports its events."""

import asyncio
from collections.abc import Callable

from unisono.client import Device, Event, Events, MarkResult, MemoryStorage, Notification, Platform, Status

Happened = Callable[["DemoDevice", Event], None]


class DemoDevice:
    """A device that keeps its inbox while it is off, as a phone does. `happened` is called for each event.

    `received` counts the events since it was switched on; `rang` has the titles that rang since then.
    """

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
        """The notifications of the device, newest first; while it is off, those it held last."""
        return self._device.notifications

    @property
    def unread_count(self) -> int:
        """The number on the device's badge."""
        return self._device.unread_count

    async def switch_on(self) -> None:
        """Connect, and wait until the device is live. Raises what ends it for good."""
        self.received, self.rang = 0, []
        self._device = self._new_device()
        await self._device.open()
        self._listening = asyncio.create_task(self._listen(self._device.events()))
        self.on = True
        await self._device.wait_for(lambda device: device.status is Status.LIVE)

    async def switch_off(self) -> None:
        """Close the connection, and keep what the device holds. Does nothing while it is off."""
        if self._listening is not None:
            await self._device.close()
            await self._listening
            self._listening, self.on = None, False

    async def reach(self, revision: int) -> None:
        """Wait until the device has reached a revision, and reported its events. Raises what ends it."""
        await self._device.wait_for(lambda device: device.revision >= revision)
        # The events up to that revision are in the iterator; its task has its turn now.
        await asyncio.sleep(0)

    async def read(self, id_: str) -> int:
        """Mark a notification as read on this device; return the revision at which all devices know it.

        Raises `ConnectionError` if the connection is lost meanwhile.
        """
        return _revision(await self._device.mark_read(id_))

    async def dismiss(self, id_: str) -> int:
        """Dismiss a notification on this device; return and raise as `read`."""
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
