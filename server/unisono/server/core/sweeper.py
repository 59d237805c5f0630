"""Does what is due by time: expires notifications, ends snoozes, and purges what was retained long enough."""

import asyncio
from dataclasses import dataclass

import structlog

from unisono.server.clock import Clock, SingleWaiterEvent
from unisono.server.core.decide.commands import ProcessDue
from unisono.server.core.decide.results import DueProcessed
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.presence import Presence
from unisono.server.errors import Unavailable
from unisono.server.failure_log import FailureLog
from unisono.server.store.base import Store
from unisono.server.store.reads import PurgeBounds

log = structlog.get_logger(__name__)

DAY = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRules:
    """How often to sweep, and what to retain; see `store.reads.Retention`.

    `interval` is in seconds, and so is `ephemeral_grace`: for how long an ephemeral endpoint stays after its
    last stream. `step` bounds how many notifications or rows one step handles.
    """

    interval: float = 1
    tombstone_days: float = 30
    tombstones_per_feed: int = 10_000
    unseen_endpoint_days: float = 60
    deleted_endpoint_days: float = 30
    ephemeral_grace: float = 300
    step: int = 100


class Sweeper:
    """Sweeps at each interval, in small steps behind live traffic, until nothing is left to do."""

    def __init__(
        self,
        commits: FeedCommitter,
        endpoints: Endpoints,
        store: Store,
        presence: Presence,
        clock: Clock,
        rules: SweepRules,
    ) -> None:
        self._commits = commits
        self._endpoints = endpoints
        self._store = store
        self._presence = presence
        self._clock = clock
        self._rules = rules
        self._failures = FailureLog("sweep put off", clock.monotonic)
        #: When the last whole sweep ended, in milliseconds since 1970; None before the first.
        self.swept_at: int | None = None
        self._began = clock.monotonic()
        #: What has been due for longest, as the last look found it, in milliseconds since 1970.
        self._due_since: int | None = None
        self.processed = 0
        self.purged = 0
        self._stopping = SingleWaiterEvent()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start sweeping, in a task; the first sweep comes after one interval."""
        self._task = asyncio.create_task(self._loop(), name="sweeper")

    async def close(self) -> None:
        """Finish the step that runs, then stop. Idempotent."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    @property
    def lag(self) -> float:
        """For how many seconds something has been due by now, as far as the last look could tell."""
        return 0.0 if self._due_since is None else max(self._clock.now() - self._due_since, 0) / 1000

    async def sweep(self) -> None:
        """Save sessions and activity, process all that is due, and purge.

        Raises `Unavailable`; the next sweep goes on.
        """
        await self._endpoints.save_sessions()
        await self._presence.flush()
        while not self._stopping.is_set() and await self._process_due():
            pass
        while not self._stopping.is_set() and (purged := await self._store.purge(self._retention())):
            self.purged += purged
        self.swept_at = self._clock.now()

    async def _loop(self) -> None:
        while not await self._clock.wait(self._stopping, self._rules.interval):
            try:
                await self.sweep()
            except Unavailable as error:
                self._failures.add(error.reason, error)
            except Exception:
                log.exception("sweep failed")

    async def _process_due(self) -> bool:
        """Do one step of expiries and ends of snoozes. Return whether there may be more."""
        due = await self._store.due(self._clock.now(), self._rules.step)
        self._due_since = due[0].time if due else None
        commands = [ProcessDue(feed=item.feed, id=item.id) for item in due]
        outcomes = await self._commits.submit_all(commands, DueProcessed, background=True)
        acted = sum(isinstance(o, DueProcessed) and o.changed for o in outcomes)
        self.processed += acted
        if acted:
            log.debug("due processed", notifications=acted)
        return bool(acted)

    def _retention(self) -> PurgeBounds:
        now, rules = self._clock.now(), self._rules
        # Whose stream ended with the process before has the grace from the start of this one on.
        may_be_left = self._clock.monotonic() - self._began > rules.ephemeral_grace
        return PurgeBounds(
            tombstones_before=now - int(rules.tombstone_days * DAY),
            tombstones_per_feed=rules.tombstones_per_feed,
            ephemeral_before=now - int(rules.ephemeral_grace * 1000) if may_be_left else 0,
            endpoints_before=now - int(rules.unseen_endpoint_days * DAY),
            deletions_before=now - int(rules.deleted_endpoint_days * DAY),
            bars_before=now,
            limit=rules.step,
        )
