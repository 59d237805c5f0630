"""What was marked offline long ago gives way to what somebody else has decided since, at the real service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.sdk.device_script import RecordedEvents, laptop, live, sent, until
from tests.sdk.relay import CuttingRelay
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Device,
    Everything,
    FileStorage,
    Key,
    Notification,
    Publisher,
    ReadState,
    Status,
    UserActionState,
)
from unisono.v1 import feed_service_pb2 as feed_pb

NOWHERE = "127.0.0.1:1"
UNREAD, READ = ReadState.UNREAD, ReadState.READ
NEW, ACTIVATED = UserActionState.NO_INTERACTION, UserActionState.ACTIVATED
DISMISSED, SNOOZED = UserActionState.DISMISSED, UserActionState.SNOOZED
HOUR = timedelta(hours=1)

#: A mark that fails so waits for its next turn; what else may pass is tried for as long as one call may take.
LOST = Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


class Laptop:
    """A laptop with its file, in one process after the other."""

    def __init__(self, node: Running, path: Path) -> None:
        self._target = node.target
        self._path = path

    def at_home(self) -> Device:
        return laptop(self._target, tokens.device("ada"), storage=FileStorage(self._path))

    def away(self) -> Device:
        return laptop(NOWHERE, tokens.device("ada"), storage=FileStorage(self._path))

    async def catches_up(self) -> None:
        async with self.at_home() as device:
            await live(device)

    async def marks_away(self, **state: Any) -> None:
        async with self.away() as device:
            assert await device.mark(Everything(), **state) is None

    async def comes_back(self) -> list[tuple[ReadState, UserActionState]]:
        """The states of what it holds, once it has sent all: those of the store."""
        async with self.at_home() as device:
            await live(device)
            await sent(device)
            stored = tuple([row async for row in device.history()])
            await device.wait_for(lambda device: device.notifications == stored)
            return [(row.read_state, row.user_action_state) for row in reversed(stored)]


@pytest.fixture
async def mine(node: Running, backend: Publisher, tmp_path: Path) -> Laptop:
    """A laptop that holds the notification a, and is away."""
    await backend.send("ada", title="a", app_notification_id="a")
    machine = Laptop(node, tmp_path / "laptop")
    await machine.catches_up()
    return machine


@pytest.fixture
async def phone(node: Running, mine: Laptop) -> AsyncIterator[Device]:
    """Another device, which is online and holds the same."""
    async with laptop(node.target, tokens.device("ada"), endpoint_id="phone") as device:
        await live(device)
        yield device


def a_of(device: Device) -> Notification:
    return device.notifications[-1]


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        ({"user_action_state": ACTIVATED}, (READ, ACTIVATED)),
        ({"user_action_state": ACTIVATED, "action_id": "reply"}, (READ, ACTIVATED)),
        ({"user_action_state": SNOOZED, "snooze_for": HOUR}, (READ, SNOOZED)),
        ({"read_state": READ}, (READ, DISMISSED)),
        ({"user_action_state": DISMISSED}, (READ, DISMISSED)),
    ],
)
async def test_the_newer_decision_stays_for_each_part(
    mine: Laptop, phone: Device, newer: dict[str, Any], expected: object
) -> None:
    await mine.marks_away(read_state=READ, user_action_state=DISMISSED)
    await phone.mark(a_of(phone), **newer)

    assert await mine.comes_back() == [expected]


async def test_what_nobody_decided_is_sent(mine: Laptop) -> None:
    await mine.marks_away(read_state=READ, user_action_state=DISMISSED)

    assert await mine.comes_back() == [(READ, DISMISSED)]


async def test_reading_gives_way_to_nothing_but_a_newer_read_state(mine: Laptop, phone: Device) -> None:
    """It was read by the time, and is marked as unread here; then somebody reads it once more."""
    await phone.mark_read(a_of(phone))
    await mine.catches_up()
    await mine.marks_away(read_state=UNREAD)
    await phone.dismiss(a_of(phone))
    assert await mine.comes_back() == [(UNREAD, DISMISSED)]

    await mine.marks_away(read_state=READ, user_action_state=NEW)
    await phone.mark_read(a_of(phone))
    await phone.mark(a_of(phone), read_state=UNREAD, user_action_state=ACTIVATED)
    # Back to what it was here, as far as anybody can tell: nothing stands in the way.
    assert await mine.comes_back() == [(READ, ACTIVATED)]


async def test_another_end_of_a_snooze_is_a_newer_decision(mine: Laptop, phone: Device) -> None:
    await phone.snooze(a_of(phone), HOUR)
    await mine.catches_up()
    await mine.marks_away(user_action_state=NEW)
    until = datetime.now(UTC) + 5 * HOUR
    await phone.snooze(a_of(phone), until)

    assert await mine.comes_back() == [(UNREAD, SNOOZED)]


async def test_own_marks_do_not_count_as_somebody_elses(mine: Laptop) -> None:
    async with mine.away() as device:
        await device.mark_read(Everything())
        await device.dismiss("no such thing")
        await device.dismiss(a_of(device))
    await mine.marks_away(read_state=UNREAD, user_action_state=ACTIVATED)

    assert await mine.comes_back() == [(UNREAD, ACTIVATED)]


async def test_what_is_gone_is_dropped_without_a_word(
    mine: Laptop, backend: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    async with mine.away() as device:
        await device.dismiss(a_of(device))
    await backend.delete("ada", (await backend.send("ada", title="a", app_notification_id="a")).id)
    caplog.clear()

    assert await mine.comes_back() == []
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


@pytest.fixture
def relay(script: StubServer, node: Running) -> CuttingRelay:
    return CuttingRelay(script, node)


@pytest.fixture
async def device(script: StubServer, relay: CuttingRelay, mine: Laptop) -> AsyncIterator[Device]:
    """A laptop that holds the notification a, behind a relay."""
    async with laptop(script.target, tokens.device("ada")) as device:
        await until(device, lambda device: device.unread_count == 1)
        yield device


async def goes_away(device: Device, relay: CuttingRelay) -> None:
    relay.gate.clear()
    relay.end_streams()
    await until(device, lambda device: device.status is Status.OFFLINE)


async def comes_back(device: Device, relay: CuttingRelay, backend: Publisher) -> UserActionState:
    relay.gate.set()
    await live(device)
    await sent(device)
    stored = tuple([row async for row in backend.list("ada")])
    await until(device, lambda device: device.notifications == stored)
    return a_of(device).user_action_state


def answers_get_lost(script: StubServer) -> asyncio.Event:
    """Let the answers to marks get lost until the event is set."""
    passing, found = script.behavior("MarkNotifications"), asyncio.Event()

    async def forgetful(request: object) -> object:
        answer = await passing(request)
        if not found.is_set():
            raise LOST
        return answer

    script.answer("MarkNotifications", forgetful)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("anew", [False, True])
async def test_it_is_told_and_shown(
    script: StubServer, relay: CuttingRelay, device: Device, backend: Publisher, anew: bool
) -> None:
    """Also where the device gets everything anew."""
    await goes_away(device, relay)
    assert await device.dismiss(Everything()) is None
    assert (device.unread_count, device.badge) == (0, 0)
    recorded = RecordedEvents(device)
    await backend.mark("ada", Key("a"), user_action_state=ACTIVATED)
    if anew:
        resuming = script.behavior("Subscribe")

        def forgotten(request: feed_pb.SubscribeRequest) -> object:
            request.ClearField("start")
            return resuming(request)

        script.stream("Subscribe", forgotten)  # type: ignore[arg-type]

    assert await comes_back(device, relay, backend) is ACTIVATED
    assert device.unread_count == 1
    await device.close()
    await recorded.end()
    assert [event.notification.user_action_state for event in recorded.events] == [ACTIVATED]
    assert (recorded.rings, script.requests("MarkNotifications")) == ([], [])


async def test_one_whose_answer_was_lost_is_not_somebody_elses(
    script: StubServer, relay: CuttingRelay, device: Device, backend: Publisher
) -> None:
    """Neither for itself, nor for the next one."""
    found = answers_get_lost(script)
    assert await device.mark(a_of(device), read_state=READ, user_action_state=DISMISSED) is None
    await goes_away(device, relay)
    assert await device.mark(Everything(), read_state=UNREAD, user_action_state=ACTIVATED) is None
    found.set()

    assert await comes_back(device, relay, backend) is ACTIVATED
    assert a_of(device).read_state is UNREAD


async def test_what_is_undone_after_it_came_back_stays_undone(
    script: StubServer, relay: CuttingRelay, device: Device, backend: Publisher
) -> None:
    """The mark came through, the device has seen that, and only the answer was lost."""
    found = answers_get_lost(script)
    before = device.revision
    assert await device.dismiss(a_of(device)) is None
    await until(device, lambda device: device.revision > before)
    await goes_away(device, relay)
    relay.limits = [2]
    relay.gate.set()  # it sees its own change once more, and settles on it
    await live(device)
    await goes_away(device, relay)
    await backend.mark("ada", Key("a"), user_action_state=NEW)
    found.set()

    assert await comes_back(device, relay, backend) is NEW


async def test_what_others_decide_while_live_is_older_than_a_mark_made_after_it(
    script: StubServer, relay: CuttingRelay, device: Device, backend: Publisher
) -> None:
    await backend.mark("ada", Key("a"), user_action_state=ACTIVATED)
    await until(device, lambda device: a_of(device).user_action_state is ACTIVATED)
    await goes_away(device, relay)
    await device.dismiss(a_of(device))

    assert await comes_back(device, relay, backend) is DISMISSED


async def test_one_that_was_made_live_gives_way_once_the_stream_has_ended(
    script: StubServer, relay: CuttingRelay, device: Device, backend: Publisher
) -> None:
    """It never reached the server, and everything is what was there then."""
    passing = script.behavior("MarkNotifications")

    async def lost(_: object) -> object:
        raise LOST

    script.answer("MarkNotifications", lost)  # type: ignore[arg-type]
    assert await device.dismiss(Everything()) is None
    assert script.requests("MarkNotifications")[0].HasField("all")
    await goes_away(device, relay)
    await backend.mark("ada", Key("a"), read_state=READ)
    await backend.send("ada", title="later")
    script.answer("MarkNotifications", passing)

    assert await comes_back(device, relay, backend) is DISMISSED
    assert [row.user_action_state for row in device.notifications] == [NEW, DISMISSED]
    assert script.requests("MarkNotifications")[-1].HasField("references")
