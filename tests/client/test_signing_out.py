"""A device whose user signs out leaves nothing behind, here or there, and its id is free at once."""

import asyncio
from pathlib import Path

import pytest

from tests.client.conftest import Join
from tests.support.processes import TIMEOUT
from tests.support.services import Service
from unisono.client import (
    Device,
    EndpointDeleted,
    FileStorage,
    MemoryStorage,
    Platform,
    Publisher,
    Status,
    StorageFailed,
    Superseded,
    Timing,
    Unavailable,
    carry_over,
)

SECRET = "the result of the test is positive"


async def shows(device: Device, *titles: str) -> None:
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(
            lambda device: (
                device.status is Status.LIVE
                and sorted(row.title for row in device.notifications) == sorted(titles)
            )
        )


async def test_nothing_is_left_and_the_id_is_free(
    service: Service, publisher: Publisher, join: Join, tmp_path: Path
) -> None:
    path = tmp_path / "inbox"
    await publisher.send("ada", title=SECRET, group_name=SECRET)
    laptop = await join("laptop", storage=FileStorage(path))
    await shows(laptop, SECRET)
    assert any(SECRET.encode() in file.read_bytes() for file in tmp_path.glob("inbox*"))

    await laptop.sign_out()

    assert (laptop.status, laptop.notifications, laptop.unread_count) == (Status.CLOSED, (), 0)
    assert await publisher.list_endpoints("ada") == ()
    assert not [file for file in tmp_path.glob("inbox*") if SECRET.encode() in file.read_bytes()]
    # The next user of the same device, and then the first again
    other = await join("laptop", token=service.user_token("bob"), storage=FileStorage(path))
    assert other.notifications == ()
    await other.sign_out()
    await shows(await join("laptop", storage=FileStorage(path)), SECRET)


async def test_a_mark_that_was_not_sent_is_not_sent_by_the_next(
    service: Service, publisher: Publisher, join: Join
) -> None:
    storage = MemoryStorage()
    await publisher.send("ada", title="a")
    laptop = await join("laptop", storage=storage)
    await shows(laptop, "a")
    await laptop.mark_read(laptop.notifications[0])

    await laptop.sign_out()

    assert await storage.load() == {}


async def test_the_others_are_told_that_it_was_deleted(service: Service, join: Join) -> None:
    """A copy of its storage is no way back."""
    storage = MemoryStorage()
    laptop = await join("laptop", storage=storage)
    copy = MemoryStorage()
    await copy.save(dict(await storage.load()))
    await laptop.sign_out()

    device = Device(
        service.transport, service.user_token(), endpoint_id="laptop", platform=Platform.LINUX, storage=copy
    )
    async with device:
        with pytest.raises(EndpointDeleted):
            async with asyncio.timeout(TIMEOUT):
                await device.wait_for(lambda _: False)
        # Which may sign out as well
        await device.sign_out()
    assert await copy.load() == {}


async def test_offline_what_is_here_is_gone_all_the_same() -> None:
    storage = MemoryStorage()
    await storage.save({"endpoint": b"laptop"})
    timing = Timing(call_timeout=0.1)
    device = Device(
        "127.0.0.1:1", "x", endpoint_id="laptop", platform=Platform.LINUX, storage=storage, timing=timing
    )
    async with device:
        with pytest.raises(Unavailable):
            await device.sign_out()
        assert (device.status, await storage.load()) == (Status.CLOSED, {})
        with pytest.raises(RuntimeError):
            await device.mark_read("id")


class Stuck(MemoryStorage):
    """One that holds something, and that nothing can be deleted from."""

    async def load(self) -> dict[str, bytes]:
        return {"endpoint": b"laptop"}

    async def save(self, changes: object) -> None:
        raise StorageFailed("read-only")


async def test_a_storage_that_cannot_be_emptied_is_said(
    service: Service, publisher: Publisher, join: Join
) -> None:
    """And the endpoint is deleted."""
    laptop = await join("laptop", storage=Stuck())
    with pytest.raises(StorageFailed):
        await laptop.sign_out()
    assert await publisher.list_endpoints("ada") == ()


async def test_one_of_two_copies_takes_another_id(
    service: Service, publisher: Publisher, tmp_path: Path
) -> None:
    """What it holds stays, nothing rings again, and what it marked while it was away is sent."""
    first, second = tmp_path / "first", tmp_path / "second"
    for title in ("read", "unread"):
        await publisher.send("ada", title=title)

    def device(path: Path, endpoint_id: str) -> Device:
        storage = FileStorage(path)
        return Device(
            service.transport,
            service.user_token(),
            endpoint_id=endpoint_id,
            platform=Platform.LINUX,
            storage=storage,
        )

    async with device(first, "phone") as phone:
        await shows(phone, "read", "unread")
    second.write_bytes(first.read_bytes())
    async with device(first, "phone") as phone:
        await shows(phone, "read", "unread")
        async with device(second, "phone") as clone:
            await shows(clone, "read", "unread")
            with pytest.raises(Superseded):
                async with asyncio.timeout(TIMEOUT):
                    await phone.wait_for(lambda _: False)
            held = phone.notifications
            await phone.close()

            await carried(first, service, held[0].id)

            async with device(first, "another") as phone:
                assert {row.id for row in phone.notifications} == {row.id for row in held}
                events = phone.events()
                await shows(phone, "read", "unread")
                async with asyncio.timeout(TIMEOUT):
                    await phone.wait_for(lambda phone: not phone.pending_marks and phone.unread_count == 1)
                await publisher.send("ada", title="new")
                await shows(phone, "read", "unread", "new")
                await shows(clone, "read", "unread", "new")
                rings: list[str] = []
                async with asyncio.timeout(TIMEOUT):
                    while not rings or rings[-1] != "new":
                        event = await anext(events)
                        rings += [event.notification.title] if event.ring else []
                assert rings == ["new"]
    assert {one.endpoint_id for one in await publisher.list_endpoints("ada")} == {"phone", "another"}


async def carried(path: Path, service: Service, marked: str) -> None:
    """Mark one offline under the old id, and carry all over to the new one; twice is as once."""
    offline = Device(
        "127.0.0.1:1", "x", endpoint_id="phone", platform=Platform.LINUX, storage=FileStorage(path)
    )
    async with offline:
        assert await offline.mark_read(marked) is None
    for _ in range(2):
        await carry_over(FileStorage(path), "another")
    with pytest.raises(StorageFailed, match="another"):
        await Device(
            "127.0.0.1:1", "x", endpoint_id="phone", platform=Platform.LINUX, storage=FileStorage(path)
        ).open()


async def test_what_is_damaged_or_new_is_left_as_it_is() -> None:
    damaged = MemoryStorage()
    await damaged.save({"endpoint": b"phone", "point": b"\xff"})
    with pytest.raises(StorageFailed, match="damaged"):
        await carry_over(damaged, "another")
    assert await damaged.load() == {"endpoint": b"phone", "point": b"\xff"}
    new = MemoryStorage()
    await carry_over(new, "another")
    assert await new.load() == {}
