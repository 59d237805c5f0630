"""Runs a backend and a few users with a device of each platform, with traffic until it is to stop.

Faults are injected by the caller, into the service or into the connections.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import Final, Self

from unisono.client import Backoff, Device, Platform, Publisher, Status, Timing
from unisono.verify.history import Principal
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.traffic import PLATFORMS, Traffic
from unisono.verify.recording import Recorder

#: Devices reconnect at once, so that there is much to judge in a short time.
FAST_RECONNECT: Final = Timing(
    backoff=Backoff(initial=0.05, maximum=0.5),
    open_timeout=5.0,
    acknowledge_interval=0.2,
    heartbeat_interval=5.0,
)

#: Calls that are made at the same time for each user: they change the same notifications.
WRITERS: Final = 2

#: How long a backend repeats a call before it fails, in seconds: longer than any fault lasts.
TIMEOUT: Final = 60.0

#: How long calls in flight may take to end when the workload is left, in seconds.
LEAVING: Final = 5.0


class Workload:
    """A backend, and users with three devices each. Entering opens them; traffic begins with `start`.

    With a `prefix`, the endpoint ids and all that is sent begin with it, and other notifications of the
    users are left alone. `rate` is how many calls a second are made for each user at most; None: no limit.
    Leaving stops traffic, gives calls in flight 5 s to end, and closes all; failed traffic is not raised.
    """

    def __init__(
        self,
        connect: Connect,
        access: Access,
        recorder: Recorder,
        random: Random,
        *,
        users: Sequence[str],
        timing: Timing = FAST_RECONNECT,
        prefix: str = "",
        rate: float | None = None,
    ) -> None:
        self.users = tuple(users)
        self._connect = connect
        self._access = access
        self._recorder = recorder
        self._random = random
        self._timing = timing
        self._prefix = prefix
        self._interval = WRITERS / rate if rate else 0.0
        self._open = AsyncExitStack()
        self._devices: dict[str, list[Device]] = {}
        self._traffic: dict[str, Traffic] = {}
        self._publisher: Publisher
        self._running = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._publisher = await self._enter_publisher()
        for user_id in self.users:
            devices = [await self._enter_device(user_id, platform) for platform in PLATFORMS]
            self._devices[user_id] = devices
            self._traffic[user_id] = Traffic(
                self._publisher, user_id, devices, self._random, prefix=self._prefix
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running = False
        try:
            # A call that is cancelled in flight may take effect later, after the clean-up.
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=LEAVING)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._open.aclose()

    @property
    def devices(self) -> list[Device]:
        """Return the devices of all users."""
        return [device for devices in self._devices.values() for device in devices]

    def devices_of(self, user_id: str) -> Sequence[Device]:
        """Return the devices of one user, in the order of `PLATFORMS`."""
        return self._devices[user_id]

    async def wait_live(self) -> None:
        """Wait, without a timeout, until every device has been live."""
        for device in self.devices:
            await device.wait_for(lambda device: device.status is Status.LIVE)

    def start(self) -> None:
        """Start two writers for each user, which make random calls until `quiesce` or the end."""
        self._running = True
        self._tasks = [
            asyncio.create_task(self._generate(user_id)) for user_id in self.users for _ in range(WRITERS)
        ]

    async def run_for(self, seconds: float) -> None:
        """Wait for so many seconds, or until traffic fails; `quiesce` raises why. Traffic goes on."""
        await asyncio.wait(self._tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)

    async def quiesce(self) -> None:
        """Stop traffic, wait until every device has caught up, and read each feed, for the judge to compare.

        Has no timeout of its own. Raises what made traffic fail, and the errors of its own calls.
        """
        self._running = False
        await asyncio.gather(*self._tasks)
        for user_id in self.users:
            last = await self._traffic[user_id].last()
            for device in self._devices[user_id]:
                await device.wait_for(partial(_is_at, last.revision))
            await self._publisher.get_feed(user_id)
            async for _ in self._publisher.list(user_id, page_size=500):
                pass
            async for _ in self._publisher.changes(user_id, page_size=100):
                pass

    async def _generate(self, user_id: str) -> None:
        clock = asyncio.get_running_loop().time
        while self._running:
            due = clock() + self._interval
            await self._traffic[user_id].one()
            await asyncio.sleep(max(0.0, due - clock()))

    async def _enter_publisher(self) -> Publisher:
        transport = self._connect()
        self._open.push_async_callback(transport.close)
        recorded = self._recorder.client(transport, Principal(app_id=self._access.app_id))
        publisher = Publisher(recorded, self._access.backend, timeout=TIMEOUT)
        return await self._open.enter_async_context(publisher)

    async def _enter_device(self, user_id: str, platform: Platform) -> Device:
        transport = self._connect()
        self._open.push_async_callback(transport.close)
        principal = Principal(app_id=self._access.app_id, user_id=user_id)
        device = Device(
            self._recorder.client(transport, principal),
            self._access.user(user_id),
            endpoint_id=f"{self._prefix}{platform.name.lower()}",
            platform=platform,
            timing=self._timing,
        )
        listening = asyncio.create_task(self._recorder.listen(device, principal))
        self._open.push_async_callback(_end_of, listening)
        return await self._open.enter_async_context(device)


async def _end_of(listening: asyncio.Task[None]) -> None:
    """Wait until all rings of a device that is closed are recorded; what ended it is told elsewhere."""
    await asyncio.gather(listening, return_exceptions=True)


def _is_at(revision: int, device: Device) -> bool:
    return device.status is Status.LIVE and device.revision >= revision
