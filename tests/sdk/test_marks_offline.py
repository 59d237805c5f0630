"""Marks made offline, at the real service: they act as if made then, on what the device had seen."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from tests.sdk.device_script import laptop, sent, until
from tests.sdk.relay import CuttingRelay
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import Device, Everything, Group, Publisher, ReadState, Status, UserActionState
from unisono.v1 import notification_service_pb2 as pb


@pytest.fixture
def relay(script: StubServer, node: Running) -> CuttingRelay:
    return CuttingRelay(script, node)


@pytest.fixture
async def away(script: StubServer, relay: CuttingRelay, backend: Publisher) -> AsyncIterator[Device]:
    """A laptop that holds the notifications a, b and c, and has gone offline."""
    for name in ("a", "b", "c"):
        await backend.send("ada", title=name, app_notification_id=name, group_name=f"group {name}")
    async with laptop(script.target, tokens.device("ada")) as device:
        await until(device, lambda device: device.unread_count == 3)
        relay.gate.clear()
        relay.end_streams()
        await until(device, lambda device: device.status is Status.OFFLINE)
        yield device


async def back(
    device: Device, relay: CuttingRelay, backend: Publisher
) -> dict[str, tuple[ReadState, UserActionState]]:
    """The states after its return, on the device and in the store."""
    relay.gate.set()
    await sent(device)
    feed = await backend.get_feed("ada")
    await until(device, lambda device: device.revision == feed.last_revision)
    stored = tuple([row async for row in backend.list("ada")])
    assert device.notifications == stored
    return {row.title: (row.read_state, row.user_action_state) for row in stored}


NEW = (ReadState.UNREAD, UserActionState.NO_INTERACTION)


async def test_what_has_newer_content_is_left_alone(
    away: Device, relay: CuttingRelay, backend: Publisher
) -> None:
    """Nobody has read it on this device."""
    a, b, c = sorted(away.notifications, key=lambda row: row.title)
    for row in (a, c):
        await backend.update("ada", row, title=f"new {row.title}")
    assert await away.mark_read([a, b]) is None
    assert await away.mark(c, read_state=ReadState.READ, up_to_revision=2**52) is None
    await backend.send("ada", title="d")

    states = await back(away, relay, backend)

    assert states["new a"] == states["d"] == NEW
    assert states["b"][0] is states["new c"][0] is ReadState.READ


@pytest.mark.parametrize("selector", [Everything(), Group("group a")])
async def test_nor_what_came_meanwhile(
    away: Device, relay: CuttingRelay, backend: Publisher, selector: Everything | Group
) -> None:
    await away.dismiss(selector)
    await backend.send("ada", title="late", group_name="group a")

    states = await back(away, relay, backend)

    assert states["late"] == NEW
    assert states["a"][1] is UserActionState.DISMISSED


async def test_the_last_of_several_counts(away: Device, relay: CuttingRelay, backend: Publisher) -> None:
    a = next(row for row in away.notifications if row.title == "a")
    await away.mark_read(a)
    await away.dismiss(a)
    await away.mark(a, read_state=ReadState.UNREAD)
    await away.snooze(a, datetime.now(UTC) + timedelta(hours=1))

    states = await back(away, relay, backend)

    assert states["a"] == (ReadState.UNREAD, UserActionState.SNOOZED)


async def test_one_that_is_sent_twice_changes_once(
    script: StubServer, away: Device, relay: CuttingRelay, backend: Publisher
) -> None:
    """The first answer gets lost on its way back."""
    passing, calls = script.behavior("MarkNotifications"), 0

    async def forgetful(request: object) -> pb.MarkNotificationsResponse:
        nonlocal calls
        calls += 1
        answer = await passing(request)
        if calls == 1:
            raise Fault(grpc.StatusCode.UNAVAILABLE)
        assert isinstance(answer, pb.MarkNotificationsResponse)
        return answer

    script.answer("MarkNotifications", forgetful)
    before = (await backend.get_feed("ada")).last_revision
    await away.mark_read(away.notifications[0])

    await back(away, relay, backend)

    assert (calls, (await backend.get_feed("ada")).last_revision) == (2, before + 1)


async def test_a_device_that_was_never_online_marks_all_there_is(
    script: StubServer, relay: CuttingRelay, backend: Publisher
) -> None:
    """By id it knows what it means; of everything it has seen nothing."""
    sent_ = await backend.send("ada", title="a")
    await backend.send("ada", title="b")
    relay.gate.clear()
    async with asyncio.timeout(TIMEOUT), laptop(script.target, tokens.device("ada")) as device:
        await device.mark_read(sent_)
        await device.mark_read(Everything())
        relay.gate.set()
        await device.wait_for(lambda device: device.unread_count == 1 and not device.pending_marks)
        assert {row.title: row.read_state for row in device.notifications} == {
            "a": ReadState.READ,
            "b": ReadState.UNREAD,
        }
