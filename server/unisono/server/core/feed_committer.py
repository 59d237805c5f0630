"""Commits commands to feeds in groups, and hints what was committed. Knows no use case."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from unisono.server.bus.base import Bus, Hint
from unisono.server.clock import Clock
from unisono.server.core.committer import Committed, Committer
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Command, ProcessDue
from unisono.server.core.decide.results import Result
from unisono.server.core.presence import Presence
from unisono.server.errors import UnisonoError
from unisono.server.fair_queue import Owner
from unisono.server.model import Limits
from unisono.server.store.base import Store
from unisono.server.store.commit import Decision, View
from unisono.server.store.reads import EndpointActivity

T = TypeVar("T")


class FeedCommitter:
    """The one way by which anything changes in a feed."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        presence: Presence,
        clock: Clock,
        limits: Limits,
        *,
        batch: int,
        capacity: int,
    ) -> None:
        self._store = store
        self._bus = bus
        self._presence = presence
        self._clock = clock
        self._limits = limits
        self.committer: Committer[Command, Result] = Committer(self._commit, batch=batch, capacity=capacity)

    async def submit(self, command: Command, kind: type[T], *, background: bool = False) -> T:
        """Commit one command; its result, which is of this kind, or its error."""
        return expect(kind, await self.committer.submit(command, background=background))

    def reserved(self, owner: Owner, count: int) -> AbstractContextManager[None]:
        """Places for so many commands; see `Committer.reserved`."""
        return self.committer.reserved(owner, count)

    async def submit_reserved(self, commands: Sequence[Command], kind: type[T]) -> Sequence[T | UnisonoError]:
        """Commit several for which places are reserved; an outcome for each."""
        return _expected(kind, await self.committer.submit_reserved(commands))

    async def submit_all(
        self, commands: Sequence[Command], kind: type[T], *, background: bool = False
    ) -> Sequence[T | UnisonoError]:
        """Commit several in their order; an outcome for each."""
        return _expected(kind, await self.committer.submit_all(commands, background=background))

    async def _commit(self, commands: Sequence[Command]) -> Committed[Result]:
        now = self._clock.now()

        def decide_now(items: Sequence[Command], view: View) -> Decision[Result]:
            return decide(items, view, now=now, limits=self._limits)

        decision = await self._store.commit(commands, decide_now)
        self._record_activity(commands, now)
        for feed in decision.feeds:
            self._bus.publish(Hint(key=feed.key, feed=feed, changes=decision.changes[feed.key]))
        return Committed(outcomes=decision.outcomes, work=decision.work)

    def _record_activity(self, commands: Sequence[Command], now: int) -> None:
        """A device that changes something is alive, whether it has a stream or not."""
        for command in commands:
            if not isinstance(command, ProcessDue) and command.actor.endpoint_id:
                actor = command.actor
                self._presence.record(
                    EndpointActivity(feed=actor.feed, endpoint_id=actor.endpoint_id, time=now)
                )


def _expected(kind: type[T], outcomes: Sequence[Result | UnisonoError]) -> Sequence[T | UnisonoError]:
    return [o if isinstance(o, UnisonoError) else expect(kind, o) for o in outcomes]


def expect(kind: type[T], result: Result) -> T:
    """Each command has one kind of result; anything else is a fault of `decide`."""
    if not isinstance(result, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(result).__name__}")
    return result
