"""Marks that a device makes offline, and what becomes of them by the rule: a newer decision stays.

Follows each decision about each notification by itself. Nothing here is of the SDK.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from unisono.server.model import Notification, UserActionState

Action = tuple[int, str, int | None]
"""What the user did, with which action, and until when a snooze lasts (ms since 1970)."""


class Unclear(Exception):
    """A history comes to where devices may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidState:
    """The state of a notification as a device shows it."""

    read: int
    action: Action

    @classmethod
    def of(cls, row: Notification) -> Self:
        """Return the state of a row of the store."""
        return cls(
            read=int(row.read_state), action=(int(row.user_action_state), row.action_id, row.snooze_until)
        )

    @property
    def counts(self) -> bool:
        """Whether it counts as unread."""
        silent = (UserActionState.DISMISSED, UserActionState.SNOOZED)
        return self.read == 1 and self.action[0] not in silent


@dataclass(slots=True, kw_only=True)
class Decision:
    """One decision about one notification. `read` and `action` are 0 where it leaves that part alone.

    `reads` and `actions` are the values that a part may have without somebody else's decision, the oldest
    first; a part without any was decided by somebody else. `reached` is the revision after it, once the
    server has answered.
    """

    id: str
    read: int
    action: int
    seen: int
    reads: list[int] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    reached: int | None = None

    def on(self, state: LaidState) -> LaidState:
        """Return a state after the decision."""
        if self.reads:
            state = replace(state, read=self.read)
        if self.actions:
            state = replace(state, action=self.made(state.action))
        return state

    def made(self, before: Action) -> Action:
        """Return what it makes of the second part: an action that was chosen stays with ACTIVATED."""
        return self.action, before[1] if self.action == UserActionState.ACTIVATED else "", None

    def stand(self, now: LaidState) -> None:
        """Keep, of each part, what can still come without somebody else's decision."""
        self.reads = _from(self.reads, now.read, [self.read])
        self.actions = _from(self.actions, now.action, [self.made(action) for action in self.actions])

    @property
    def parts(self) -> list[int]:
        """What is sent of it: 0 for what does not stand."""
        return [self.read if self.reads else 0, self.action if self.actions else 0]


def _from(values: list[Any], now: Any, made: list[Any]) -> list[Any]:
    if now in values:
        return values[values.index(now) :]
    return [now] if values and now in made else []


class Decisions:
    """The decisions that the store does not show yet, in their order."""

    def __init__(self) -> None:
        self._all: list[Decision] = []

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._all)

    def make(self, row: Notification, read: int, action: int, seen: int) -> None:
        """Decide about a row as it is held."""
        decision = Decision(id=row.id, read=read, action=action, seen=seen)
        for state in self._states(row):
            if read and decision.reads[-1:] != [state.read]:
                decision.reads.append(state.read)
            if action and decision.actions[-1:] != [state.action]:
                decision.actions.append(state.action)
        self._all.append(decision)

    def laid(self, row: Notification) -> LaidState:
        """Return the state of a row as it is shown."""
        return self._states(row)[-1]

    def settle(self, rows: Sequence[Notification], revision: int, *, synced: bool) -> list[str]:
        """Look at all decisions at a complete point with these rows.

        Returns the ids of what has an alert that nobody has seen: whether it is sent makes no difference.
        """
        by_id = {row.id: row for row in rows}
        kept, unseen = [], []
        for decision in self._all:
            row = by_id.get(decision.id)
            if decision.reached is not None and (synced or decision.reached <= revision):
                continue
            if decision.reached is None and row is not None and row.alert_revision > decision.seen:
                unseen.append(decision.id)
                continue
            if decision.reached is None and row is not None:
                if row.content_revision > decision.seen:
                    raise Unclear("what is new in it, and did not ring, only the server knows")
                decision.stand(LaidState.of(row))
            if decision.reached is not None or (row is not None and any(decision.parts)):
                kept.append(decision)
        self._all = kept
        return unseen

    def unanswered(self) -> Iterator[Decision]:
        """Yield what is to be sent, in order."""
        yield from (decision for decision in self._all if decision.reached is None)

    def _states(self, row: Notification) -> list[LaidState]:
        states = [LaidState.of(row)]
        for decision in self._all:
            if decision.id == row.id:
                states.append(decision.on(states[-1]))
        return states
