"""Events wait for whoever reads them: at most one for each notification, no ring lost, and the last state."""

import asyncio
import gc
import weakref
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sdk.event_reader import poll
from tests.sdk.stopped_clock import StoppedClock
from tests.support.processes import TIMEOUT
from unisono.client import (
    BodyFormat,
    ChangeType,
    Event,
    Events,
    Notification,
    Priority,
    ReadState,
    SenderRole,
    Superseded,
    UserActionState,
)
from unisono.client._device.state import DeviceState
from unisono.client._device.watchdog import Watchdog

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def row(id_: str, revision: int, **fields: Any) -> Notification:
    made: dict[str, Any] = {
        "id": id_,
        "app_id": "mail.test",
        "user_id": "ada",
        "app_notification_id": "",
        "sender_role": SenderRole.PUBLISHER,
        "group_name": "",
        "title": f"{id_} at {revision}",
        "body": "",
        "category": "",
        "action_id": "",
        "link": "",
        "icon_url": "",
        "image_url": "",
        "actions": (),
        "format": BodyFormat.UNSPECIFIED,
        "raw_content": b"",
        "data": {},
        "priority": Priority.UNSPECIFIED,
        "platforms": (),
        "endpoint_ids": (),
        "display_time_to_live": None,
        "expire_time": NOW,
        "read_state": ReadState.UNREAD,
        "user_action_state": UserActionState.NO_INTERACTION,
        "snooze_until": None,
        "create_time": NOW,
        "update_time": NOW,
        "revision": revision,
        "alert_revision": revision,
        "alert_time": NOW,
    }
    return Notification(**{**made, **fields})


def event(
    id_: str,
    revision: int,
    why: ChangeType,
    *,
    ring: bool = False,
    removed: bool = False,
    **fields: Any,
) -> Event:
    return Event(
        notification=row(id_, revision, **fields),
        revision=revision,
        removed=removed,
        change_type=why,
        origin_endpoint_id="",
        ring=ring,
    )


def told(*happened: Event) -> list[Event]:
    """What a reader finds who comes only after all that."""
    events = Events(Watchdog(TIMEOUT))
    for one in happened:
        events.put([one])
    return poll(events)


async def test_changes_of_one_come_as_one() -> None:
    (found,) = told(
        event("a", 1, ChangeType.CREATED, ring=True),
        event("a", 2, ChangeType.UPDATED),
        event("a", 3, ChangeType.STATE_CHANGED),
    )

    assert (found.revision, found.notification.title) == (3, "a at 3")
    assert (found.change_type, found.ring) == (ChangeType.CREATED, True)


async def test_they_come_in_the_order_of_their_revisions() -> None:
    found = told(
        event("a", 1, ChangeType.CREATED),
        event("b", 2, ChangeType.CREATED),
        event("a", 3, ChangeType.UPDATED),
        event("c", 4, ChangeType.CREATED),
    )

    assert [(one.notification.id, one.revision) for one in found] == [("b", 2), ("a", 3), ("c", 4)]


async def test_a_ring_for_what_was_handled_meanwhile_is_none() -> None:
    (read,) = told(
        event("a", 1, ChangeType.CREATED, ring=True),
        event("a", 2, ChangeType.STATE_CHANGED, read_state=ReadState.READ),
    )
    (gone,) = told(
        event("b", 1, ChangeType.CREATED, ring=True), event("b", 2, ChangeType.DELETED, removed=True)
    )

    assert (read.ring, gone.ring, gone.removed) == (False, False, True)


async def test_two_rings_of_one_are_one() -> None:
    (found,) = told(
        event("a", 1, ChangeType.CREATED, ring=True), event("a", 2, ChangeType.UPDATED, ring=True)
    )

    assert found.ring


async def test_what_waited_while_the_process_stood_still_is_held_back_until_all_is_there() -> None:
    """A mark that is refused meanwhile changes nothing of that."""
    clock = StoppedClock()
    events = Events(clock.watchdog(TIMEOUT))
    events.put([event("a", 1, ChangeType.CREATED, ring=True), event("b", 2, ChangeType.CREATED, ring=True)])
    clock.now += 2 * TIMEOUT
    assert poll(events) == []

    events.put([event("c", 2, ChangeType.STATE_CHANGED)])
    assert poll(events) == []
    events.put([event("a", 3, ChangeType.STATE_CHANGED, read_state=ReadState.READ)])
    events.caught_up()

    assert [(one.notification.id, one.ring) for one in poll(events)] == [
        ("b", True),
        ("c", False),
        ("a", False),
    ]


async def test_what_came_back_after_a_new_start_is_not_taken_for_gone() -> None:
    (found,) = told(event("a", 1, ChangeType.UNSPECIFIED, removed=True), event("a", 2, ChangeType.UPDATED))

    assert (found.removed, found.change_type) == (False, ChangeType.UPDATED)


async def test_a_reader_that_waits_is_woken() -> None:
    events = Events(Watchdog(TIMEOUT))
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)

    events.put([event("a", 1, ChangeType.CREATED)])

    assert (await waiting).revision == 1


async def test_what_came_before_the_end_is_read_before_it() -> None:
    closed, superseded = Events(Watchdog(TIMEOUT)), Events(Watchdog(TIMEOUT))
    for events in (closed, superseded):
        events.put([event("a", 1, ChangeType.CREATED)])
    closed.end(None)
    superseded.end(Superseded("another took over"))

    assert [one.revision async for one in closed] == [1]
    assert (await anext(superseded)).revision == 1
    for _ in range(2):
        with pytest.raises(Superseded):
            await anext(superseded)


async def test_whoever_waits_learns_of_the_end() -> None:
    events = Events(Watchdog(TIMEOUT))
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)

    events.end(None)

    assert await waiting is None


async def test_a_reader_that_gives_up_loses_nothing() -> None:
    events = Events(Watchdog(TIMEOUT))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await anext(events)

    events.put([event("a", 1, ChangeType.CREATED)])

    assert (await anext(events)).revision == 1


def test_a_reader_that_is_gone_is_forgotten() -> None:
    state = DeviceState(Watchdog(TIMEOUT))
    gone = weakref.ref(state.listen())

    gc.collect()

    assert gone() is None
