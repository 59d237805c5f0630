"""Whether a mark still stands when it is sent later, or somebody else has decided since it was made. Pure.

With each notification that it names, a mark keeps what that was when it was made: its base. A base has two
parts, which stand and fall by themselves: the read state, and the user action with its snooze and action id.
Of a part it has, from the oldest on, the values that the notification may have without a decision of anybody
else: that of the store as it was held, and those of own earlier marks, which had not come back yet.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import NamedTuple, Self, TypeVar, cast

from unisono.client._device.marking import Patch, State, marked
from unisono.v1 import notification_pb2 as pb

Value = TypeVar("Value")


class Action(NamedTuple):
    """The value of the second part. `snooze_until` is in ms since 1970.

    Of a snooze that was `asked` for the end is the server's to count: it is the same whenever it ends.
    """

    user_action_state: int
    action_id: str
    snooze_until: int | None
    asked: bool = False

    @classmethod
    def of(cls, state: State) -> Self:
        """Return the part of a state that the store has."""
        return cls(state.user_action_state, state.action_id, state.snooze_until)

    def meets(self, now: "Action") -> bool:
        """Return whether a notification that has the value `now` has this one."""
        same = self[:2] == now[:2]
        return same and (self.asked or self.snooze_until == now.snooze_until)


@dataclass(frozen=True, slots=True)
class Base:
    """What a notification may be for the parts of a mark to stand; a part without values does not."""

    read: tuple[int, ...] = ()
    action: tuple[Action, ...] = ()

    def __bool__(self) -> bool:
        """Return whether any part stands."""
        return bool(self.read or self.action)

    def __len__(self) -> int:
        """Return how many values it has."""
        return len(self.read) + len(self.action)


def decided_on(states: Sequence[State], patch: Patch) -> Base:
    """Return the base of a mark: `states` are the store's, and after each own earlier mark one more."""
    held, *later = map(Action.of, states)
    asked = (action if action == held else action._replace(snooze_until=None, asked=True) for action in later)
    return Base(
        _each_once((state.read_state for state in states) if patch.read_state else ()),
        _each_once((held, *asked) if patch.user_action_state else ()),
    )


def standing(base: Base, now: State, patch: Patch) -> Base:
    """Return what is left of a base when the notification is as it is now.

    A part stands where it is as it was, or as own earlier marks or this one made it, if they came through.
    What it has left behind it does not come back to by itself.
    """
    return Base(_left_of_read(base.read, now, patch), _left_of_action(base.action, now, patch))


def _each_once(values: Iterable[Value]) -> tuple[Value, ...]:
    """Return the values, without those that are as the one before."""
    return tuple(value for value, _ in groupby(values))


def _left_of_read(values: tuple[int, ...], now: State, patch: Patch) -> tuple[int, ...]:
    if now.read_state in values:
        return values[values.index(now.read_state) :]
    return (now.read_state,) if values and now.read_state == patch.read_state else ()


def _left_of_action(values: tuple[Action, ...], now: State, patch: Patch) -> tuple[Action, ...]:
    current = Action.of(now)
    for number, value in enumerate(values):
        if value.meets(current):
            return values[number:]
    made = (Action.of(marked(_state(value), patch))._replace(asked=True) for value in values)
    return (current,) if any(value.meets(current) for value in made) else ()


def _state(action: Action) -> State:
    return State(
        read_state=0,
        user_action_state=action.user_action_state,
        action_id=action.action_id,
        snooze_until=action.snooze_until,
    )


def to_rows(id_: str, base: Base) -> Iterator[pb.Notification]:
    """Yield a base as rows to save: one for each value of a part, 0 where a part has none."""
    for read, action in zip_longest(base.read, base.action):
        row = pb.Notification(id=id_, read_state=cast("pb.ReadState.ValueType", read or 0))
        if action is not None:
            row.user_action_state = cast("pb.UserActionState.ValueType", action.user_action_state)
            row.action_id = action.action_id
            # A value of the store is of a revision.
            row.revision = int(not action.asked)
            if action.snooze_until is not None:
                row.snooze_until.seconds, millis = divmod(action.snooze_until, 1000)
                row.snooze_until.nanos = millis * 1_000_000
        yield row


def from_rows(rows: Iterable[pb.Notification]) -> dict[str, Base]:
    """Return the bases that `to_rows` made rows of, by id."""
    read: dict[str, list[int]] = {}
    action: dict[str, list[Action]] = {}
    for row in rows:
        if row.read_state:
            read.setdefault(row.id, []).append(row.read_state)
        if row.user_action_state:
            value = Action.of(State.of(row))._replace(asked=not row.revision)
            action.setdefault(row.id, []).append(value)
    ids = dict.fromkeys((*read, *action))
    return {id_: Base(tuple(read.get(id_, ())), tuple(action.get(id_, ()))) for id_ in ids}
