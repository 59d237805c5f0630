"""What a device makes of a mark by itself is what the service makes of it."""

import asyncio
from datetime import timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from unisono.client import Everything, Publisher, ReadState, UserActionState
from unisono.client._convert import notification
from unisono.client._device.marking import Patch, State, expire_time_of, in_state, marked
from unisono.client._selections import marking
from unisono.client.testing import FakeService
from unisono.client.testing.feed import FeedKey
from unisono.v1 import notification_pb2 as pb

HOUR = timedelta(hours=1)
ACTIONS = st.sampled_from([None, *UserActionState])


@st.composite
def patches(draw: Any) -> dict[str, Any]:
    """A new state that the service takes; snoozes end before and after the notifications do, or never."""
    read, action = draw(st.sampled_from([None, *ReadState])), draw(ACTIONS)
    patch = {"read_state": read, "user_action_state": action}
    if action is UserActionState.ACTIVATED:
        patch["action_id"] = draw(st.sampled_from(["", "reply", "archive"]))
    if action is UserActionState.SNOOZED:
        patch["snooze_for"] = draw(st.sampled_from([None, HOUR, 3 * HOUR, 2 * HOUR]))
    patch = {name: value for name, value in patch.items() if value is not None}
    return patch if any(patch.get(name) for name in ("read_state", "user_action_state")) else draw(patches())


ACTIVATED = UserActionState.ACTIVATED


@given(st.lists(patches(), min_size=1, max_size=6))
@example([{"user_action_state": ACTIVATED, "action_id": "a"}, {"user_action_state": ACTIVATED}])
@example(
    [
        {"user_action_state": ACTIVATED, "action_id": "a"},
        {"user_action_state": ACTIVATED, "action_id": "b", "read_state": ReadState.READ},
    ]
)
def test_the_rules_are_the_services(states: list[dict[str, Any]]) -> None:
    asyncio.run(marked_by_both(states))


async def marked_by_both(states: list[dict[str, Any]]) -> None:
    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as backend:
        await backend.send("ada", title="For two hours", expire_time=service.now + 2 * HOUR)
        await backend.send("ada", title="For long")
        for patch in states:
            before = rows(service)
            request = marking("ada", Everything(), patch)  # type: ignore[arg-type]
            if "snooze_for" in patch:
                request.snooze_until.FromDatetime(service.now + patch["snooze_for"])
            # An action is given to what is named only.
            named = list(before) if "action_id" in patch else Everything()
            await backend.mark("ada", named, **patch)
            for id_, row in rows(service).items():
                old = before[id_]
                state = marked(State.of(old), Patch.of(request), expire_time_of(old))
                assert state == State.of(row)
                shown = in_state(notification(old), state)
                assert state_of(shown) == state_of(notification(row))


def rows(service: FakeService) -> dict[str, pb.Notification]:
    feed = service._state.feed(FeedKey("app.test", "ada"))  # noqa: SLF001
    return {row.message.id: row.message for row in feed.live}


def state_of(shown: Any) -> tuple[object, ...]:
    return shown.read_state, shown.user_action_state, shown.action_id, shown.snooze_until


def test_what_a_row_lacks_is_as_every_notification_starts() -> None:
    started = State(read_state=pb.READ_STATE_UNREAD, user_action_state=pb.USER_ACTION_STATE_NO_INTERACTION)
    assert State.of(pb.Notification()) == started


def test_times_beyond_all_calendars_are_no_error() -> None:
    shown = notification(pb.Notification(id="a"))
    for millis in (-(2**63), 2**63):
        state = State(read_state=1, user_action_state=4, snooze_until=millis)
        assert in_state(shown, state).snooze_until is not None
