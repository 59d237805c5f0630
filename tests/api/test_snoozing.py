"""Snoozing: a notification goes away until a time, and then comes back unread and rings."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.api_client import (
    ACTIVATED,
    ALL,
    DISMISSED,
    NO_INTERACTION,
    READ,
    SNOOZED,
    UNREAD,
    ApiClient,
    time_of,
    titled,
)
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import invalid
from unisono.v1 import feed_service_pb2 as feed_pb


@pytest_asyncio.fixture(loop_scope="module")
async def device(held: Running, user_id: str) -> AsyncIterator[Device]:
    """A device of the same user that holds a stream."""
    device = await Device(held.user(user_id), "laptop").connect()
    yield device
    await device.disconnect()


async def reached(backend: ApiClient, clock: FakeClock, revision: int) -> None:
    """Let time pass until the feed is at this revision."""
    while (await backend.feed()).last_revision < revision:
        clock.advance(1)


async def test_it_comes_back_unread_and_rings(backend: ApiClient, device: Device, clock: FakeClock) -> None:
    result = await backend.send()
    until = time_of(clock.now() + 60_000)
    await backend.mark(result.id, read_state=READ, user_action_state=SNOOZED, snooze_until=until)
    row = await backend.get(result.id)
    assert (row.user_action_state, row.snooze_until) == (SNOOZED, until)
    await device.at(2)
    clock.advance(59)
    await reached(backend, clock, 3)
    row = await backend.get(result.id)
    assert (row.read_state, row.user_action_state) == (UNREAD, NO_INTERACTION)
    assert not row.HasField("snooze_until")
    assert (row.revision, row.alert_revision) == (3, 3)
    held = await device.at(3)
    (event,) = held.messages[-1].event_batch.events
    assert (event.change_type, event.alert) == (feed_pb.CHANGE_TYPE_STATE_CHANGED, True)
    assert held.notifications[result.id].payload == titled("Hello")
    assert held.rung == [(result.id, 1), (result.id, 3)]
    assert held.unread_count == 1


async def test_without_a_time_it_does_not_come_back_by_itself(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send()
    await backend.mark(result.id, user_action_state=SNOOZED)
    other = await backend.send(expire_time=time_of(clock.now() + 3_600_000))
    clock.advance(3600)
    await reached(backend, clock, 4)
    assert other.revision == 3
    assert (await backend.get(result.id)).user_action_state == SNOOZED
    assert (await backend.feed()).unread_count == 0


@pytest.mark.parametrize("state", [NO_INTERACTION, ACTIVATED, DISMISSED])
async def test_any_other_action_ends_it(backend: ApiClient, clock: FakeClock, state: int) -> None:
    result = await backend.send()
    until = time_of(clock.now() + 1000)
    await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)
    await backend.mark(result.id, user_action_state=state)
    row = await backend.get(result.id)
    assert (row.user_action_state, row.HasField("snooze_until")) == (state, False)
    later = await backend.send(expire_time=until)
    clock.advance(1)
    await reached(backend, clock, later.revision + 1)
    assert (await backend.get(result.id)).revision == 3


async def test_reading_it_leaves_it_snoozed(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send()
    until = time_of(clock.now() + 60_000)
    await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)
    await backend.mark(result.id, read_state=READ)
    row = await backend.get(result.id)
    assert (row.read_state, row.user_action_state, row.snooze_until) == (READ, SNOOZED, until)


async def test_it_can_be_put_off_again(backend: ApiClient, clock: FakeClock) -> None:
    result = await backend.send()
    now = clock.now()
    for seconds, changed in ((60, 1), (120, 1), (120, 0)):
        until = time_of(now + seconds * 1000)
        marked = await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)
        assert marked.changed == changed
    assert (await backend.mark(result.id, user_action_state=SNOOZED)).changed == 1
    assert not (await backend.get(result.id)).HasField("snooze_until")


@pytest.mark.parametrize("beyond", [0, 1])
async def test_it_cannot_outlast_the_notification(backend: ApiClient, clock: FakeClock, beyond: int) -> None:
    expire_time = clock.now() + 60_000
    result = await backend.send(expire_time=time_of(expire_time))
    until = time_of(expire_time + beyond)
    with invalid("snooze_until") as failure:
        await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)
    assert failure.violations["snooze_until"] == "the snooze must end before the notification's expire_time"
    assert (await backend.get(result.id)).revision == 1


async def test_among_several_what_expires_before_is_skipped(backend: ApiClient, clock: FakeClock) -> None:
    short = await backend.send(expire_time=time_of(clock.now() + 60_000))
    long = await backend.send()
    until = time_of(clock.now() + 60_000)
    for selector in ({"all": ALL}, {"references": {"refs": [{"id": short.id}, {"id": long.id}]}}):
        marked = await backend.mark(**selector, user_action_state=SNOOZED, snooze_until=until)
        assert marked.skipped == 1
    assert (await backend.get(short.id)).user_action_state == NO_INTERACTION
    assert (await backend.get(long.id)).user_action_state == SNOOZED


@pytest.mark.parametrize(("ahead", "good"), [(1, True), (0, False), (-1, False)])
async def test_it_is_into_the_future(backend: ApiClient, clock: FakeClock, ahead: int, good: bool) -> None:
    result = await backend.send()
    until = time_of(clock.now() + ahead)
    if good:
        assert (await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)).changed == 1
        return
    with invalid("snooze_until"):
        await backend.mark(result.id, user_action_state=SNOOZED, snooze_until=until)
