"""One random history at both services: every answer and every device's inbox is the same, but for ids."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.support.processes import TIMEOUT
from tests.support.services import SERVICES, Service
from unisono.client import (
    Action,
    Device,
    Everything,
    FeedBarred,
    Group,
    Notification,
    Platform,
    Priority,
    Publisher,
    ReadState,
    RemovedNotification,
    Status,
    UnisonoError,
    UserActionState,
)

STEPS, LOOKS = 150, 10
#: How often a user is forgotten.
SELDOM = 0.02
USERS = ("ada", "bob")
KEYS = ("", "a", "b", "c")
GROUPS = ("mail", "chat")
TITLES = ("One", "Two", "Three")
DEVICES = {"laptop": Platform.LINUX, "phone": Platform.IOS}


class System:
    """One of the services, with a publisher and the devices of Ada; ids are numbered as they come."""

    def __init__(self, service: Service, publisher: Publisher, devices: dict[str, Device]) -> None:
        self.service = service
        self.publisher = publisher
        self.devices = devices
        self._ids: dict[str, str] = {}
        self._looks = 0
        self._changes = {user: publisher.changes(user, page_size=7) for user in USERS}

    def same(self, answer: Any) -> Any:
        """An answer as the other side would put it."""
        if isinstance(answer, Notification):
            # What is due while time jumps, a server does when the jump is over.
            created = answer.create_time
            return replace(answer, id=self._numbered(answer.id), update_time=created, alert_time=created)
        if isinstance(answer, RemovedNotification):
            return answer.revision, self._numbered(answer.id), answer.app_notification_id, answer.change_type
        if isinstance(answer, UnisonoError):
            # Some errors name an id.
            return type(answer), answer.reason, sorted(answer.metadata), answer.violations
        if hasattr(answer, "id"):
            return replace(answer, id=self._numbered(answer.id), app_notification_id="")
        return answer

    async def forgotten(self, user: str) -> None:
        """Follow another feed of the user from now on, when the devices have let go of the one before."""
        self._changes[user] = self.publisher.changes(user, page_size=7)
        for device in self.devices.values() if user == "ada" else ():
            async with asyncio.timeout(TIMEOUT):
                await device.wait_for(lambda device: device.revision == 0 and device.status is Status.LIVE)

    def _numbered(self, id_: str) -> str:
        return self._ids.setdefault(id_, f"notification {len(self._ids)}")

    async def held(self) -> dict[str, Any]:
        """What each user has, and what each device of Ada holds once the last of all has told it."""
        self._looks += 1
        key = f"look {self._looks}"
        last = (await self.publisher.send("ada", title="The last", app_notification_id=key)).revision
        held: dict[str, Any] = {}
        for user in USERS:
            try:
                held[user] = [self.same(row) async for row in self.publisher.list(user)]
                held[f"changes of {user}"] = [self.same(change) async for change in self._changes[user]]
            except FeedBarred as error:
                held[user] = self.same(error)
        for name, device in self.devices.items():
            async with asyncio.timeout(TIMEOUT):
                await device.wait_for(lambda device: device.revision >= last)
            rows = tuple(self.same(row) for row in device.notifications)
            held[name] = (device.revision, device.unread_count, rows)
        return held


@pytest.fixture
async def sides(tmp_path: Path) -> AsyncIterator[list[System]]:
    async with AsyncExitStack() as running:
        made = []
        for serving in SERVICES.values():
            service = await running.enter_async_context(serving(tmp_path))
            publisher = await running.enter_async_context(
                Publisher(service.transport, service.app_token(may_delete_feeds=True))
            )
            devices = {}
            for name, platform in DEVICES.items():
                device = Device(service.transport, service.user_token(), endpoint_id=name, platform=platform)
                devices[name] = await running.enter_async_context(device)
                await device.wait_for(lambda device: device.status is Status.LIVE)
            made.append(System(service, publisher, devices))
        yield made


async def step(side: System, random: Random) -> Any:
    """One call, chosen by chance; its answer or error. Equal generators lead to equal calls."""
    try:
        if random.random() < SELDOM:
            return await delete_user(side, random)
        calls = (send, send, send, send, mark, mark, mark_many, update, delete, delete_many, let_time_pass)
        return await random.choice(calls)(side, random)
    except UnisonoError as error:
        return error


async def send(side: System, random: Random) -> Any:
    content = _content(random, side.service)
    return await side.publisher.send(random.choice(USERS), **content)


async def mark(side: System, random: Random) -> Any:
    user, named = await _named(side, random)
    return await side.publisher.mark(user, named, **_state(random, side.service))


async def mark_many(side: System, random: Random) -> Any:
    many = random.choice((Everything(), Group("mail"), Group("chat")))
    return await side.publisher.mark(random.choice(USERS), many, **_state(random, side.service))


async def update(side: System, random: Random) -> Any:
    user, named = await _named(side, random)
    return await side.publisher.update(user, named, title=random.choice(TITLES), silent=random.random() < 0.5)


async def delete(side: System, random: Random) -> Any:
    return await side.publisher.delete(*await _named(side, random))


async def delete_many(side: System, random: Random) -> Any:
    user, named = await _named(side, random)
    many = random.choice((Everything(), Group("mail"), named, [named, "nobody"]))
    read = random.choice((ReadState.READ, ReadState.UNSPECIFIED))
    action = random.choice((UserActionState.DISMISSED, UserActionState.ACTIVATED))
    up_to = random.choice((None, None, random.randrange(100)))
    return await side.publisher.delete_many(
        user, many, read_state=read, user_action_state=action, up_to_revision=up_to
    )


async def delete_user(side: System, random: Random) -> Any:
    """Forget a user; who has no device is barred for a while, too: a device would end."""
    user = random.choice(USERS)
    bar = timedelta(seconds=60) if user == "bob" else None
    answer = await side.publisher.delete_user(user, bar_for=bar)
    await side.forgotten(user)
    return answer


async def let_time_pass(side: System, random: Random) -> None:
    await side.service.advance(timedelta(seconds=random.choice((1, 60, 3600))))


async def _named(side: System, random: Random) -> tuple[str, Notification | str]:
    """A user and a notification of the user's; or one that nobody has."""
    user, index = random.choice(USERS), random.randrange(6)
    listed = [row async for row in side.publisher.list(user)]
    return user, listed[index % len(listed)] if listed else "nobody"


def _content(random: Random, service: Service) -> dict[str, Any]:
    content: dict[str, Any] = {
        "title": random.choice(TITLES),
        "app_notification_id": random.choice(KEYS) or f"{random.random()}",
        "replace": random.random() < 0.5,
    }
    if random.random() < 0.5:
        content["group_name"] = random.choice(GROUPS)
        content["category"] = random.choice(("", "mention"))
    if random.random() < 0.3:
        content["expire_time"] = service.now + timedelta(seconds=random.choice((5, 90, 4000)))
    if random.random() < 0.3:
        content["data"] = {random.choice("abc"): random.choice("xyz") for _ in range(3)}
    if random.random() < 0.3:
        content["link"] = random.choice(("https://unisono.test", "mailto:ada", "javascript:x"))
    if random.random() < 0.3:
        content["actions"] = [Action(action_id=id_, label=id_) for id_ in random.choices("abc", k=2)]
    if random.random() < 0.3:
        content["platforms"] = [random.choice(tuple(DEVICES.values()))]
    if random.random() < 0.3:
        content["priority"] = random.choice(tuple(Priority)[1:])
    return content


def _state(random: Random, service: Service) -> Any:
    read = {"read_state": random.choice((ReadState.READ, ReadState.UNREAD))}
    action = random.choice(tuple(UserActionState)[1:])
    acted: dict[str, Any] = {"user_action_state": action}
    if action is UserActionState.ACTIVATED:
        acted["action_id"] = random.choice(("", "reply", "archive"))
    if action is UserActionState.SNOOZED:
        # Never just when something expires: of what is due at one time, either may be the first.
        acted["snooze_until"] = service.now + timedelta(seconds=random.choice((5.5, 90.5)))
    return random.choice((read, acted, read | acted))


@pytest.mark.parametrize("seed", range(4))
async def test_a_history_is_the_same_at_both(sides: list[System], seed: int) -> None:
    for number in range(STEPS):
        server, fake = [side.same(await step(side, Random(1000 * seed + number))) for side in sides]  # noqa: S311
        assert fake == server, f"step {number}"
        if number % LOOKS == LOOKS - 1:
            server, fake = [await side.held() for side in sides]
            assert fake == server, f"step {number}"
