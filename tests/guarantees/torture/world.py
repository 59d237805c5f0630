"""Users with devices, and backends that send to them at random: everything they do is recorded."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Self

from tests.support import tokens
from unisono.client import (
    Backoff,
    Device,
    Everything,
    Group,
    Platform,
    Publisher,
    ReadState,
    SendResult,
    State,
    Status,
    Timing,
    UnisonoError,
    UserActionState,
    transport_to,
)
from unisono.verify.history import Holder
from unisono.verify.recording import Recorder

APP = "mail.test"
PLATFORMS = (Platform.LINUX, Platform.IOS, Platform.WEB)
GROUPS = ("mail", "chat")
TIMING = Timing(backoff=Backoff(first=0.05, most=0.5), acknowledge=0.2, heartbeat=timedelta(seconds=5))

#: How many notifications of a user there are before some are withdrawn: a list of all fits into one page.
MOST = 150


class World:
    """A few users, each with a device of every kind, and traffic until it is told to rest."""

    def __init__(self, address: str, recorder: Recorder, random: Random, *, users: int) -> None:
        self.users = [f"user-{number}" for number in range(users)]
        self._random = random
        self._sent: dict[str, list[SendResult]] = {user_id: [] for user_id in self.users}
        self._publisher = Publisher(
            recorder.client(transport_to(address), Holder(app_id=APP)), tokens.publisher(), timeout=60
        )
        self._devices = {
            user_id: [self._device(address, recorder, user_id, platform) for platform in PLATFORMS]
            for user_id in self.users
        }
        self._works = [
            *([self._send] * 3),
            *(self._update, self._mark, self._mark_on_device, self._delete),
        ]
        self._open = AsyncExitStack()
        self._going = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._publisher)
        for device in self._all():
            await self._open.enter_async_context(device)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    def begin(self) -> None:
        """Let traffic flow."""
        self._going = True
        self._tasks = [asyncio.create_task(self._traffic(user_id)) for user_id in self.users]

    async def rest(self) -> None:
        """Wait until nothing is under way, every device has everything, and each feed was looked at."""
        self._going = False
        await asyncio.gather(*self._tasks)
        for user_id in self.users:
            last = await self._publisher.send(user_id, title="The last")
            for device in self._devices[user_id]:
                await device.wait_for(partial(_is_at, last.revision))
            await self._publisher.feed(user_id)
            assert [row async for row in self._publisher.list(user_id, page_size=500)]

    async def live(self) -> None:
        """Wait until every device is."""
        for device in self._all():
            await device.wait_for(lambda device: device.status is Status.LIVE)

    def _all(self) -> list[Device]:
        return [device for devices in self._devices.values() for device in devices]

    def _device(self, address: str, recorder: Recorder, user_id: str, platform: Platform) -> Device:
        transport = recorder.client(transport_to(address), Holder(app_id=APP, user_id=user_id))
        return Device(
            transport,
            tokens.device(user_id),
            endpoint_id=platform.name.lower(),
            platform=platform,
            timing=TIMING,
        )

    async def _traffic(self, user_id: str) -> None:
        while self._going:
            work = self._random.choice(self._works)
            try:
                await work(user_id)
            except UnisonoError as error:
                # What another call made gone, or other, may be refused.
                if error.reason not in ("NOTIFICATION_NOT_FOUND", "KEY_CONFLICT", "INVALID_REQUEST"):
                    raise

    async def _send(self, user_id: str) -> None:
        content: dict[str, Any] = {"title": f"No. {self._random.random()}", "group_name": self._pick(GROUPS)}
        if self._random.random() < 0.3:
            content["platforms"] = [self._pick(PLATFORMS)]
        if self._random.random() < 0.2:
            content["expire_time"] = datetime.now(UTC) + timedelta(seconds=self._pick((2, 10)))
        self._sent[user_id].append(await self._publisher.send(user_id, **content))
        if len(self._sent[user_id]) > MOST:
            await self._delete(user_id)

    async def _update(self, user_id: str) -> None:
        for one in self._one(user_id):
            silent = self._random.random() < 0.5
            await self._publisher.update(user_id, one, title=f"Now {self._random.random()}", silent=silent)

    async def _mark(self, user_id: str) -> None:
        for one in self._one(user_id):
            await self._publisher.mark(user_id, one, **self._state())

    async def _mark_on_device(self, user_id: str) -> None:
        device = self._pick(self._devices[user_id])
        rows = device.notifications
        what = self._pick((rows[:1], rows[::2], Group(self._pick(GROUPS)), Everything()))
        if what:
            await device.mark(what, **self._state())

    async def _delete(self, user_id: str) -> None:
        for one in self._one(user_id):
            self._sent[user_id].remove(one)
            await self._publisher.delete(user_id, one)

    def _state(self) -> State:
        read: State = {"read_state": self._pick((ReadState.READ, ReadState.UNREAD))}
        snooze: State = {
            "user_action_state": UserActionState.SNOOZED,
            "snooze_until": datetime.now(UTC) + timedelta(seconds=1),
        }
        acted: State = {
            "user_action_state": self._pick((UserActionState.DISMISSED, UserActionState.NO_INTERACTION))
        }
        both: State = {**read, **acted}
        return self._random.choice((read, acted, snooze, both))

    def _one(self, user_id: str) -> list[SendResult]:
        sent = self._sent[user_id]
        return [self._pick(sent)] if sent else []

    def _pick(self, choices: Any) -> Any:
        return self._random.choice(choices)


def _is_at(revision: int, device: Device) -> bool:
    return device.status is Status.LIVE and device.revision >= revision
