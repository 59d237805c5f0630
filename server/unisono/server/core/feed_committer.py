"""Commits commands to feeds in groups, and publishes what was committed."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from unisono.server.bus.base import Bus, Hint
from unisono.server.clock import Clock
from unisono.server.core.bars import Bars
from unisono.server.core.commit_metrics import CommitMetrics
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
    """Commits commands: every revision of every feed is made here.

    After a commit a hint with all its changes is published for each feed, and the endpoints that acted are
    recorded as seen.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        presence: Presence,
        bars: Bars,
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
        self.metrics = CommitMetrics()
        run = self.metrics.measured(bars.guarded(self._commit))
        self.committer: Committer[Command, Result] = Committer(
            run, batch=batch, capacity=capacity, wait_seconds=self.metrics.wait_seconds
        )

    async def submit(self, command: Command, kind: type[T], *, background: bool = False) -> T:
        """Commit one command and return its result, which has the type `kind`.

        Raises the command's error, and as `Committer.submit_all`.
        """
        return expect(kind, await self.committer.submit(command, background=background))

    def reserved(self, owner: Owner, count: int) -> AbstractContextManager[None]:
        """Hold places for `count` commands; see `Committer.reserved`."""
        return self.committer.reserved(owner, count)

    async def submit_reserved(self, commands: Sequence[Command], kind: type[T]) -> Sequence[T | UnisonoError]:
        """Commit commands within `reserved`; see `submit_all`."""
        return _expected(kind, await self.committer.submit_reserved(commands))

    async def submit_all(
        self, commands: Sequence[Command], kind: type[T], *, background: bool = False
    ) -> Sequence[T | UnisonoError]:
        """Commit commands of one app, those of one feed in their order.

        Returns for each its result, which has the type `kind`, or its error. Raises as
        `Committer.submit_all`.
        """
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
        """Record that devices that change something are alive, whether or not they have a stream."""
        for command in commands:
            if not isinstance(command, ProcessDue) and command.actor.endpoint_id:
                actor = command.actor
                self._presence.record(
                    EndpointActivity(feed=actor.feed, endpoint_id=actor.endpoint_id, time=now)
                )


def _expected(kind: type[T], outcomes: Sequence[Result | UnisonoError]) -> Sequence[T | UnisonoError]:
    return [o if isinstance(o, UnisonoError) else expect(kind, o) for o in outcomes]


def expect(kind: type[T], result: Result) -> T:
    """Return the result. Raises `TypeError` when it is not of the type `kind`, a fault of `decide`."""
    if not isinstance(result, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(result).__name__}")
    return result
