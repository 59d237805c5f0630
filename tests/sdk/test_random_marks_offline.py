"""Random marks made offline: what a device shows is what the store has once it is back, and nothing else.

Others may decide meanwhile, the process may end, answers may get lost. What is expected is computed from what
the store had, what others made of it, and what the device showed, and knows nothing of how marks are kept.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any, Final, NamedTuple

import pytest

from tests.guarantees.thorough import thorough
from tests.sdk.device_script import laptop, live, sent, until
from tests.sdk.storage_spy import StorageSpy
from unisono.client import (
    Everything,
    Group,
    InvalidRequest,
    Key,
    Notification,
    Publisher,
    ReadState,
    Unavailable,
    UserActionState,
)
from unisono.client.testing import FakeService

NOWHERE = "127.0.0.1:1"
HOUR = timedelta(hours=1)
NAMES: Final = ("a", "b", "c", "d")


class Parts(NamedTuple):
    """The two parts of a state."""

    read: object
    action: tuple[object, object, object]

    @property
    def about(self) -> "Parts":
        """The same without when a snooze ends, which is the server's to say: only that it does."""
        state, action_id, until = self.action
        return Parts(self.read, (state, action_id, bool(until)))


def parts(row: Notification) -> Parts:
    return Parts(row.read_state, (row.user_action_state, row.action_id, row.snooze_until))


class History:
    """One user with a laptop, and whoever else decides."""

    def __init__(self, seed: int, backend: Publisher, service: FakeService) -> None:
        self._random = Random(seed)  # noqa: S311
        self._backend = backend
        self._service = service
        self._token = service.user_token("ada")
        self._storage = StorageSpy()
        #: The parts that each notification was shown with while the device was away, by id.
        self._shown: dict[str, list[Parts]] = {}

    async def run(self) -> None:
        for name in NAMES:
            await self._send(name)
        await self._at_home()
        for _ in range(self._random.randint(1, 4)):
            await self._round()

    async def _round(self) -> None:
        """Mark while away, let others decide, come back, and compare with what is expected."""
        before = self._stored()
        self._shown = {id_: [parts(row)] for id_, row in before.items()}
        for _ in range(self._random.randint(1, 3)):
            await self._away()
        for _ in range(self._random.choice((0, 1, 2, 4))):
            with suppress(InvalidRequest):
                await self._others()
        between, renewed = self._stored(), self._renewed(before)
        if self._random.random() < 0.3:
            lost = Unavailable("lost")
            self._service.fail(lost, method="MarkNotifications", applied=True, times=3)
        if self._random.random() < 0.2:
            self._service.invalidate_positions()
        await self._at_home()
        for id_, row in self._stored().items():
            expected = self._expected(id_, between, renewed)
            assert parts(row).about == expected, (before.get(id_), between[id_], self._shown.get(id_))

    def _stored(self) -> dict[str, Notification]:
        return {row.id: row for row in self._service.notifications("ada")}

    def _renewed(self, before: dict[str, Notification]) -> set[str]:
        """What has newer content than the device has seen."""
        now = self._stored()
        return {id_ for id_, row in now.items() if id_ not in before or row.title != before[id_].title}

    def _expected(
        self,
        id_: str,
        between: dict[str, Notification],
        renewed: set[str],
    ) -> Parts:
        new = parts(between[id_])
        if id_ in renewed:
            return new.about
        old, *own = self._shown[id_]
        own_actions = {one.about.action for one in own if one.action != old.action}
        read_stays = new.read not in (old.read, *(one.read for one in own))
        action_stays = new.action != old.action and new.about.action not in own_actions
        last = (own or [old])[-1].about
        return Parts(
            new.read if read_stays else last.read,
            new.about.action if action_stays else last.action,
        )

    async def _at_home(self) -> None:
        """Open the device at the service until it has all, and compare."""
        device = laptop(self._service.transport, self._token, storage=self._storage)
        async with device:
            await live(device)
            await sent(device)
            last = (await self._backend.get_feed("ada")).last_revision
            await until(device, lambda device: device.revision == last)
            stored = self._service.notifications("ada")
            assert device.notifications == stored
            assert device.unread_count == device.badge == sum(row.counts_as_unread for row in stored)
        left = [key for key in self._storage.stored if key.startswith(("mark/", "base/", "answered/"))]
        assert left == []

    async def _away(self) -> None:
        """Mark with one process that has no server, and look."""
        async with laptop(NOWHERE, self._token, storage=self._storage) as device:
            self._look(device.notifications)
            for _ in range(self._random.randint(0, 3)):
                assert await device.mark(self._selector(), **self._state()) is None
                self._look(device.notifications)
                unread = sum(row.counts_as_unread for row in device.notifications)
                assert device.unread_count == device.badge == unread

    def _look(self, rows: tuple[Notification, ...]) -> None:
        for row in rows:
            shown = self._shown[row.id]
            if shown[-1] != parts(row):
                shown.append(parts(row))

    async def _others(self) -> None:
        draw = self._random.random()
        name = self._random.choice(NAMES)
        if draw < 0.1:
            await self._backend.delete_many("ada", [Key(name)]) if self._has(name) else None
        elif draw < 0.2:
            await self._send(name)
        elif draw < 0.3 and self._has(name):
            silent = self._random.random() < 0.5
            await self._backend.update("ada", Key(name), title=f"{self._random.random()}", silent=silent)
        elif self._has(name):
            await self._backend.mark("ada", [Key(name), Key(self._random.choice(NAMES))], **self._state())

    def _has(self, name: str) -> bool:
        return any(row.app_notification_id == name for row in self._stored().values())

    async def _send(self, name: str) -> None:
        life = self._service.now + self._random.choice((2, 100)) * HOUR
        await self._backend.send(
            "ada",
            title=f"{self._random.random()}",
            app_notification_id=name,
            group_name=self._random.choice(("x", "y")),
            expire_time=life,
            replace=True,
        )

    def _selector(self) -> Any:
        rows = list(self._stored().values())
        some = [self._random.choice(rows).id for _ in range(self._random.randint(1, 3))] if rows else []
        several = [*some, Key(self._random.choice(NAMES)), "nobody"]
        return self._random.choice((Everything(), Group("x"), several, several[-2]))

    def _state(self) -> Any:
        state: dict[str, Any] = {}
        if self._random.random() < 0.6:
            state["read_state"] = self._random.choice((ReadState.READ, ReadState.UNREAD))
        if self._random.random() < 0.6 or not state:
            state["user_action_state"] = action = self._random.choice(list(UserActionState)[1:])
            if action is UserActionState.SNOOZED:
                state["snooze_for"] = self._random.choice((HOUR, 3 * HOUR))
        return state


SEEDS = range(400)


@pytest.mark.parametrize("seed", thorough(SEEDS, always=range(25), name=str))
async def test_what_is_shown_is_what_it_becomes(seed: int) -> None:
    service = FakeService()
    async with asyncio.timeout(60), Publisher(service.transport, service.app_token()) as backend:
        await History(seed, backend, service).run()
