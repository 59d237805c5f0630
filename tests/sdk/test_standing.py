"""A mark that is sent later stands where the notification is as it was, or as own marks made it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.client._device.marking import Patch, State, marked
from unisono.client._device.standing import decided_on, from_rows, standing, to_rows
from unisono.v1 import notification_pb2 as pb

UNREAD, READ = pb.READ_STATE_UNREAD, pb.READ_STATE_READ
NEW, ACTIVATED = pb.USER_ACTION_STATE_NO_INTERACTION, pb.USER_ACTION_STATE_ACTIVATED
DISMISSED, SNOOZED = pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED


def state(read: int = UNREAD, action: int = NEW, action_id: str = "", until: int | None = None) -> State:
    return State(read_state=read, user_action_state=action, action_id=action_id, snooze_until=until)


def stands(patch: Patch, *known: State, now: State) -> tuple[bool, bool]:
    """Whether each part stands; `known` is the store's state, and then what own earlier marks made."""
    left = standing(decided_on(known, patch), now, patch)
    return bool(left.read), bool(left.action)


BOTH = Patch(read_state=READ, user_action_state=DISMISSED)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (state(), (True, True)),
        (state(READ), (True, True)),
        (state(action=DISMISSED), (True, True)),
        (state(action=ACTIVATED), (True, False)),
        (state(READ, SNOOZED, until=5), (True, False)),
    ],
)
def test_each_part_stands_by_itself(now: State, expected: tuple[bool, bool]) -> None:
    assert stands(BOTH, state(), now=now) == expected


def test_what_is_not_asked_for_does_not_matter() -> None:
    assert stands(Patch(read_state=READ), state(), now=state(action=DISMISSED)) == (True, False)
    assert stands(Patch(user_action_state=DISMISSED), state(), now=state(READ)) == (False, True)


def test_another_read_state_is_a_decision() -> None:
    unread = Patch(read_state=UNREAD)
    assert stands(unread, state(READ), now=state(READ)) == (True, False)
    # It was unread anyway when it was marked as unread, and somebody has read it since.
    assert stands(unread, state(UNREAD), now=state(READ)) == (False, False)


def test_what_own_earlier_marks_made_is_nobody_elses() -> None:
    back = Patch(read_state=UNREAD, user_action_state=NEW)
    known = (state(), state(READ), state(READ, DISMISSED))
    assert stands(back, *known, now=known[2]) == (True, True)
    assert stands(back, *known, now=state(READ, ACTIVATED)) == (True, False)
    assert stands(back, known[0], now=known[2]) == (False, False)


def test_what_was_left_behind_does_not_come_back_by_itself() -> None:
    """An own earlier mark has come through; whoever undoes it has decided later."""
    patch = Patch(user_action_state=ACTIVATED)
    base = standing(decided_on((state(), state(action=DISMISSED)), patch), state(action=DISMISSED), patch)
    assert base.action
    assert not standing(base, state(), patch).action


def test_an_own_mark_that_came_through_stands_until_it_is_changed() -> None:
    patch = Patch(user_action_state=DISMISSED)
    base = standing(decided_on((state(),), patch), state(action=DISMISSED), patch)
    assert base.action
    assert not standing(base, state(), patch).action


@pytest.mark.parametrize(("until", "expected"), [(5, True), (6, False), (None, False)])
def test_a_snooze_that_was_held_is_the_same_with_its_end(until: int | None, expected: bool) -> None:
    known, now = state(action=SNOOZED, until=5), state(action=SNOOZED, until=until)
    assert stands(Patch(user_action_state=DISMISSED), known, now=now) == (False, expected)


def test_an_own_snooze_is_the_same_whenever_it_ends() -> None:
    """Its end is the server's to count."""
    snooze = Patch(user_action_state=SNOOZED, snooze_until=5)
    assert stands(snooze, state(), now=state(action=SNOOZED, until=99)) == (False, True)
    later = Patch(user_action_state=DISMISSED)
    known = (state(), state(action=SNOOZED, until=5))
    assert stands(later, *known, now=state(action=SNOOZED, until=99)) == (False, True)


def test_but_not_one_that_an_own_mark_only_read() -> None:
    known = (state(action=SNOOZED, until=5), state(READ, SNOOZED, until=5))
    later = Patch(user_action_state=DISMISSED)
    assert stands(later, *known, now=state(READ, SNOOZED, until=99)) == (False, False)


def test_another_action_is_a_decision() -> None:
    reply = Patch(user_action_state=ACTIVATED, action_id="reply")
    assert stands(reply, state(), now=state(action=ACTIVATED, action_id="reply")) == (False, True)
    assert stands(reply, state(), now=state(action=ACTIVATED, action_id="archive")) == (False, False)
    opened = Patch(user_action_state=ACTIVATED)
    held = state(action=ACTIVATED, action_id="reply")
    assert stands(opened, held, now=held) == (False, True)


states = st.builds(
    state,
    st.sampled_from([UNREAD, READ, 7]),
    st.sampled_from([NEW, ACTIVATED, DISMISSED, SNOOZED, 9]),
    st.sampled_from(["", "reply"]),
    st.one_of(st.none(), st.integers(-(2**62), 2**62)),
)
patches = st.builds(
    lambda read, action: Patch(read_state=read, user_action_state=action),
    st.sampled_from([0, UNREAD, READ]),
    st.sampled_from([0, NEW, ACTIVATED, DISMISSED, SNOOZED]),
)


@given(known=st.lists(states, min_size=1, max_size=5), patch=patches)
def test_what_is_saved_is_what_was_known(known: list[State], patch: Patch) -> None:
    base = decided_on(known, patch)
    assert from_rows(to_rows("a", base)) == ({"a": base} if base else {})


def test_nor_where_they_undo_each_other() -> None:
    read = Patch(read_state=READ)
    base = decided_on((state(), state(READ), state()), read)
    for now in (state(), state(READ), state(), state(READ)):
        base = standing(base, now, read)
        assert base.read


@given(known=st.lists(states, min_size=1, max_size=5), patch=patches, data=st.data())
def test_own_marks_never_stand_in_their_own_way(known: list[State], patch: Patch, data: Any) -> None:
    """However far they came through, the next stands, at each complete point on the way."""
    base, asked = decided_on(known, patch), (bool(patch.read_state), bool(patch.user_action_state))
    at = 0
    while at < len(known):
        base = standing(base, known[at], patch)
        assert (bool(base.read), bool(base.action)) == asked
        at += data.draw(st.integers(1, len(known)))
    base = standing(base, marked(known[-1], patch), patch)
    assert (bool(base.read), bool(base.action)) == asked
