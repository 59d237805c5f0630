"""Records a valid history of the service in memory: users, one of them deleted, cuts, calls of all kinds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial

from tests.support.processes import TIMEOUT
from unisono.client import (
    Backoff,
    Device,
    Everything,
    FeedBarred,
    Group,
    Platform,
    Publisher,
    ReadState,
    Status,
    Timing,
    UserActionState,
)
from unisono.client.testing import FakeService
from unisono.verify.history import History, Principal, Stall
from unisono.verify.recording import Recorder, steady_clock

APP = "app.test"
QUICK = Timing(backoff=Backoff(initial=0.001, maximum=0.01), acknowledge_interval=0.0)
DEVICES = {"laptop": Platform.LINUX, "phone": Platform.IOS}


async def history() -> History:
    """Run clients against the service in memory, and return what they recorded."""
    service, recorder = FakeService(), Recorder(steady_clock())
    backend = recorder.client(service.transport, Principal(app_id=APP))
    async with AsyncExitStack() as running:
        publisher = await running.enter_async_context(
            Publisher(backend, service.app_token(may_delete_feeds=True))
        )
        for user_id in ("ada", "bob"):
            for title in ("Early", "Earlier"):
                await publisher.send(user_id, title=title)
        devices = [
            await running.enter_async_context(_device(service, recorder, user_id, name))
            for user_id in ("ada", "bob")
            for name in DEVICES
        ]
        await _all_at(devices, publisher)
        polls = {user_id: publisher.changes(user_id, 2, page_size=3) for user_id in ("ada", "bob")}
        for round_ in range(4):
            await _happen(publisher, devices[0], round_)
            service.disconnect()
            await _happen(publisher, devices[1], round_)
            await _all_at(devices, publisher)
            for changes in polls.values():
                assert [change async for change in changes]
        await _forget_eve(service, recorder, publisher)
        recorder.annotate("SIGTERM")
        service.say_goodbye("DRAINING")
        for device in devices:
            await _until(device, lambda device: device.status is Status.OFFLINE)
        since = recorder.clock()
        await _all_at(devices, publisher)
        recorder.annotate("SETTLED", since=since)
        for user_id in ("ada", "bob"):
            assert [row async for row in publisher.list(user_id, page_size=500)]
            assert [row async for row in publisher.changes(user_id, page_size=7)]
    ada, now = Principal(app_id=APP, user_id="ada"), recorder.clock()
    recorder.history.stalls.append(Stall(principal=ada, endpoint_id="laptop", began=now, ended=now))
    recorder.annotate("memory", measured=1.0, allowed=2.0)
    recorder.annotate("p50", measured=10.0, allowed=20.0, beside=4.0)
    return recorder.history


@asynccontextmanager
async def _device(service: FakeService, recorder: Recorder, user_id: str, name: str) -> AsyncIterator[Device]:
    """Open a device inside the context, and record what it rings for."""
    principal = Principal(app_id=APP, user_id=user_id)
    transport = recorder.client(service.transport, principal)
    token = service.user_token(user_id, app_id=APP)
    device = Device(transport, token, endpoint_id=name, platform=DEVICES[name], timing=QUICK)
    listening = asyncio.create_task(recorder.listen(device, principal))
    try:
        async with device:
            yield device
    finally:
        await asyncio.gather(listening, return_exceptions=True)


async def _happen(publisher: Publisher, device: Device, round_: int) -> None:
    """Make a call of each kind for Ada and Bob."""
    for user_id in ("ada", "bob"):
        first = await publisher.send(user_id, title=f"One {round_}")
        second = await publisher.send(user_id, title=f"Two {round_}", platforms=[Platform.LINUX])
        await publisher.update(user_id, first, title="Changed")
        await publisher.mark(user_id, second, read_state=ReadState.READ)
        await publisher.send(user_id, title=f"Silent {round_}", silent=True)
        await publisher.mark(user_id, first, user_action_state=UserActionState.ACTIVATED, action_id="reply")
        await publisher.mark(user_id, first, user_action_state=UserActionState.ACTIVATED, action_id="archive")
        await publisher.mark(user_id, first, read_state=ReadState.READ)
        data = {f"key {number}": f"text {number}" for number in range(9)}
        key = f"again {round_}"
        await publisher.send(user_id, app_notification_id=key, data=data)
        await publisher.send(user_id, app_notification_id=key, data=dict(reversed(data.items())))
        gone = await publisher.send(user_id, title="Gone")
        await publisher.delete(user_id, gone)
        some = [await publisher.send(user_id, title=title, group_name="some") for title in ("3", "4", "5")]
        await publisher.mark(user_id, some[0], read_state=ReadState.READ)
        await publisher.delete_many(user_id, Group("some"), read_state=ReadState.READ)
        await publisher.delete_many(user_id, [some[1], gone])
    await device.mark(Everything(), user_action_state=UserActionState.DISMISSED)
    await publisher.send("ada", title=f"Last {round_}")
    await publisher.send("bob", title=f"Last {round_}")


async def _forget_eve(service: FakeService, recorder: Recorder, publisher: Publisher) -> None:
    """Delete Eve, who begins anew, and delete her again, and bar her."""
    async with _device(service, recorder, "eve", "laptop") as device:
        for title in ("Once", "Upon", "A time"):
            await publisher.send("eve", title=title)
        await _until(device, partial(_is_at, 3))
        await publisher.delete_user("eve")
        await _until(device, lambda device: device.feed_deleted and device.revision == 0)
        sent = await publisher.send("eve", title="Anew")
        await _until(device, partial(_is_at, 1))
        await publisher.mark("eve", sent, read_state=ReadState.READ)
        assert len([row async for row in publisher.list("eve", page_size=500)]) == 1
        await _until(device, partial(_is_at, 2))
        await publisher.delete_user("eve", bar_for=timedelta(hours=1))
        for call in (publisher.send("eve", title="Too soon"), _until(device, lambda _: False)):
            try:
                await call
            except FeedBarred:
                continue
            raise AssertionError("she is not barred")


async def _all_at(devices: list[Device], publisher: Publisher) -> None:
    """Wait until every device is live, and has everything."""
    for index, device in enumerate(devices):
        last = (await publisher.get_feed("ada" if index < len(DEVICES) else "bob")).last_revision
        await _until(device, partial(_is_at, last))


def _is_at(revision: int, device: Device) -> bool:
    return device.status is Status.LIVE and device.revision >= revision


async def _until(device: Device, condition: Callable[[Device], bool]) -> None:
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(condition)
