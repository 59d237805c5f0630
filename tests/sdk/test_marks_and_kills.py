"""Wherever a process ends on the way of its marks, the next goes on: none is lost, none made twice."""

from collections.abc import Mapping
from datetime import timedelta

from tests.sdk.device_script import laptop, live, sent, until
from tests.sdk.storage_spy import StorageSpy
from unisono.client import Everything, Key, Publisher, ReadState, UserActionState
from unisono.client.testing import FakeService

NOWHERE = "127.0.0.1:1"
HOUR = timedelta(hours=1)


class Photographed(StorageSpy):
    """A storage with a picture of each state that a kill can leave."""

    def __init__(self, stored: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self.stored = dict(stored or {})
        self.pictures = [dict(self.stored)]

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        await super().save(changes)
        self.pictures.append(dict(self.stored))


async def test_at_any_time() -> None:
    service = FakeService()
    token = service.user_token("ada")
    storage = Photographed()
    async with Publisher(service.transport, service.app_token()) as backend:
        for name in "abc":
            await backend.send("ada", title=name, app_notification_id=name)
        async with laptop(service.transport, token, storage=storage) as device:
            await until(device, lambda device: device.unread_count == 3)
        async with laptop(NOWHERE, token, storage=storage) as device:
            await device.mark(Everything(), read_state=ReadState.READ)
            await device.snooze(Key("a"), HOUR)
            await device.dismiss([Key("b"), Key("c"), "nobody"])
        await backend.mark("ada", Key("b"), user_action_state=UserActionState.ACTIVATED)
        storage.pictures.clear()
        async with laptop(service.transport, token, storage=storage) as device:
            await live(device)
            await sent(device)
            # The process may end when the server has done it, and before the device has it back.
        states = {row.title: (row.read_state, row.user_action_state) for row in service.notifications("ada")}
        assert states == {
            "a": (ReadState.READ, UserActionState.SNOOZED),
            "b": (ReadState.READ, UserActionState.ACTIVATED),
            "c": (ReadState.READ, UserActionState.DISMISSED),
        }
        assert len(storage.pictures) > 4
        last = (await backend.get_feed("ada")).last_revision
        snoozes = 0
        for picture in storage.pictures:
            snoozes += await goes_on(service, token, picture, states)
        # Nothing changed but the end of a snooze whose answer was not saved: that is counted anew.
        assert (await backend.get_feed("ada")).last_revision == last + snoozes


async def goes_on(
    service: FakeService, token: str, picture: dict[str, bytes], states: Mapping[str, object]
) -> int:
    """Start a process on what a kill has left; return whether it had its snooze to send once more."""
    storage, before = Photographed(picture), service.notifications("ada")
    async with laptop(service.transport, token, storage=storage) as device:
        await live(device)
        await sent(device)
        now = service.notifications("ada")
        assert {row.title: (row.read_state, row.user_action_state) for row in now} == states
        await until(device, lambda device: device.notifications == service.notifications("ada"))
    again = [row.title for row, old in zip(now, before, strict=True) if row != old]
    assert again in ([], ["a"])
    return len(again)
