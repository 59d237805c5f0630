"""Which action a user chose is known everywhere, and the first choice stays until something ends it."""

from datetime import timedelta

import pytest

from tests.client.events import next_events
from tests.support.services import Service
from unisono.client import (
    ChangeType,
    Device,
    Everything,
    Group,
    InvalidRequest,
    Key,
    Notification,
    Publisher,
    ReadState,
    RevisionMismatch,
    SendResult,
    State,
    UserActionState,
)

REPLY: State = {"user_action_state": UserActionState.ACTIVATED, "action_id": "reply"}
ARCHIVE: State = {"user_action_state": UserActionState.ACTIVATED, "action_id": "archive"}
OPENED: State = {"user_action_state": UserActionState.ACTIVATED}
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def sent(publisher: Publisher) -> SendResult:
    return await publisher.send("ada", title="Dinner?", app_notification_id="a", group_name="g")


def acted(row: Notification) -> tuple[UserActionState, str, ReadState]:
    return row.user_action_state, row.action_id, row.read_state


async def test_it_comes_to_every_device(
    publisher: Publisher, laptop: Device, phone: Device, sent: SendResult
) -> None:
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 1)
    events = laptop.events()
    await phone.mark(sent, **REPLY)
    (event,) = await next_events(events, 1)
    assert (event.change_type, event.notification.action_id) == (ChangeType.STATE_CHANGED, "reply")
    assert (await publisher.get("ada", sent)).action_id == "reply"
    assert [row.action_id async for row in publisher.list("ada")] == ["reply"]


async def test_the_first_one_stays(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    result = await publisher.mark("ada", sent, **ARCHIVE)
    assert (result.changed, result.skipped, result.last_revision) == (0, 1, 2)
    assert acted(await publisher.get("ada", sent)) == (UserActionState.ACTIVATED, "reply", ReadState.UNREAD)


async def test_but_what_comes_with_another_is_read(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    read: State = {**ARCHIVE, "read_state": ReadState.READ}
    result = await publisher.mark("ada", sent, **read)
    assert (result.changed, result.skipped, result.last_revision) == (0, 1, 3)
    assert acted(await publisher.get("ada", sent)) == (UserActionState.ACTIVATED, "reply", ReadState.READ)


async def test_the_same_again_and_opening_it_change_nothing(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    for again in (REPLY, OPENED):
        result = await publisher.mark("ada", sent, expected_revision=1, **again)
        assert (result.changed, result.skipped, result.last_revision) == (0, 0, 2)
    assert (await publisher.get("ada", sent)).action_id == "reply"


async def test_another_is_refused_at_another_revision(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    with pytest.raises(RevisionMismatch):
        await publisher.mark("ada", sent, expected_revision=1, **ARCHIVE)


async def test_what_was_opened_may_still_be_acted_on(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **OPENED)
    result = await publisher.mark("ada", sent, **REPLY)
    assert (result.changed, result.skipped) == (1, 0)
    assert (await publisher.get("ada", sent)).action_id == "reply"


async def test_of_many_only_those_with_another_are_skipped(publisher: Publisher, sent: SendResult) -> None:
    other = await publisher.send("ada", title="Lunch?")
    await publisher.mark("ada", sent, **REPLY)
    result = await publisher.mark("ada", [sent, other], **ARCHIVE)
    assert (result.changed, result.skipped) == (1, 1)
    rows = [row async for row in publisher.list("ada")]
    assert [row.action_id for row in rows] == ["archive", "reply"]


@pytest.mark.parametrize(
    "action",
    [UserActionState.NO_INTERACTION, UserActionState.DISMISSED, UserActionState.SNOOZED],
)
async def test_another_action_state_ends_it(
    publisher: Publisher, sent: SendResult, action: UserActionState
) -> None:
    await publisher.mark("ada", sent, **REPLY)
    await publisher.mark("ada", sent, user_action_state=action)
    assert (await publisher.get("ada", sent)).action_id == ""
    result = await publisher.mark("ada", sent, **ARCHIVE)
    assert (result.changed, (await publisher.get("ada", sent)).action_id) == (1, "archive")


async def test_reading_and_new_content_do_not_end_it(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    await publisher.mark("ada", sent, read_state=ReadState.READ)
    await publisher.mark("ada", Everything(), read_state=ReadState.UNREAD)
    row = await publisher.update("ada", sent, title="Dinner at eight?")
    assert (row.user_action_state, row.action_id) == (UserActionState.ACTIVATED, "reply")


async def test_a_replacement_ends_it(publisher: Publisher, sent: SendResult) -> None:
    await publisher.mark("ada", sent, **REPLY)
    await publisher.send("ada", title="Supper?", app_notification_id="a", replace=True)
    row = await publisher.get("ada", sent)
    assert (row.user_action_state, row.action_id) == (UserActionState.NO_INTERACTION, "")


async def test_it_is_not_there_after_a_snooze(
    service: Service, publisher: Publisher, sent: SendResult
) -> None:
    await publisher.mark("ada", sent, **REPLY)
    await publisher.mark("ada", sent, user_action_state=UserActionState.SNOOZED, snooze_for=MINUTE)
    await service.advance(2 * MINUTE)
    row = await publisher.get("ada", sent)
    assert (row.user_action_state, row.action_id) == (UserActionState.NO_INTERACTION, "")


@pytest.mark.parametrize(
    ("selector", "state"),
    [
        (Key("a"), {"action_id": "reply", "user_action_state": UserActionState.DISMISSED}),
        (Key("a"), {"action_id": "reply", "read_state": ReadState.READ}),
        (Group("g"), REPLY),
        (Everything(), REPLY),
        (Key("a"), {**OPENED, "action_id": "x" * 65}),
        (Key("a"), {**OPENED, "action_id": "a\nb"}),
    ],
    ids=str,
)
async def test_it_is_of_named_ones_that_were_activated(
    publisher: Publisher, sent: SendResult, selector: Key | Group | Everything, state: State
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await publisher.mark("ada", selector, **state)
    assert list(raised.value.violations) == ["action_id"]
    assert (await publisher.get_feed("ada")).last_revision == 1
