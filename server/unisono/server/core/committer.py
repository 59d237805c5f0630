"""Group commit, for any kind of item: what arrives while a commit runs goes into the next one."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Generic, NamedTuple, Protocol, Self, TypeVar

import structlog

from unisono.server.core.budget import CommitTimeBudget
from unisono.server.core.commit_places import CommitPlaces
from unisono.server.core.company import Company
from unisono.server.errors import Reason, Unavailable, UnisonoError
from unisono.server.fair_queue import FairQueue, Owner
from unisono.server.histogram import Histogram
from unisono.server.model import FeedKey
from unisono.server.model.value import value

log = structlog.get_logger(__name__)

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Item(Protocol):
    """One thing to commit: the feed that it changes, and how many rows it is about."""

    @property
    def feed(self) -> FeedKey: ...
    @property
    def rows(self) -> int: ...
    def within(self, rows: int) -> Self:
        """Return the item, limited to about `rows` rows for now where it can be done in steps."""


ItemT = TypeVar("ItemT", bound=Item)


@value(frozen=True, slots=True, kw_only=True)
class Committed(Generic[R_co]):
    """The result of a batch: an outcome for each item, in order, and the processor seconds that it took."""

    outcomes: Sequence[R_co | UnisonoError]
    work: float = 0.0


Run = Callable[[Sequence[ItemT]], Awaitable[Committed[R]]]

#: How often a commit that waits for other callers checks whether they came, in seconds: the shortest time
#: that every event loop waits. uvloop counts in milliseconds, and half a one is none.
_POLL_INTERVAL: Final = 0.001

#: The processor time in between from which on the loop was busy, in seconds.
_BUSY_TIME: Final = 0.00025

#: So many items from each caller make a commit worthwhile without more callers.
_LARGE_CALL: Final = 16

#: How many background items a commit takes, however full it is, so that they always progress.
_BEHIND: Final = 10

#: The factor on the rows of a commit while one app alone commits: nobody else waits for them.
_ALONE: Final = 4

#: The owner of the places of background items.
_NOBODY: Final[Owner] = ("", "")

#: How many rows an item may be about while nobody else waits: any number.
_UNBOUNDED: Final = 2**31


class _Call(Generic[R]):
    """Collects the outcomes of items that were submitted together, at a time of the loop."""

    def __init__(self, count: int, done: "asyncio.Future[Sequence[R | UnisonoError]]", at: float) -> None:
        self.submitted_at = at
        self._missing = count
        self._outcomes: dict[int, R | UnisonoError] = {}
        self.done = done

    def add(self, place: int, outcome: R | UnisonoError) -> None:
        self._outcomes[place] = outcome
        self._missing -= 1
        # A caller that was cancelled has cancelled the future.
        if not self._missing and not self.done.done():
            self.done.set_result([self._outcomes[place] for place in range(len(self._outcomes))])


class _Waiting(NamedTuple, Generic[ItemT, R]):
    """An item that waits, and its place in its call."""

    item: ItemT
    place: int
    call: _Call[R]


class Committer(Generic[ItemT, R]):
    """Commits items with `run`, in batches, one batch at a time.

    Items of one feed are committed in the order of arrival. Between two turns of one app each other app
    that waits has one, and within an app each user (Fair). A batch has as many rows as its budget allows,
    but at least one item, and at most `batch` items besides those in the background.

    `run` returns an outcome for each item, or raises: `Unavailable` is then the outcome of every item of
    the batch; after any other error each item runs alone, and one that fails alone has the outcome
    INTERNAL. An item that is being committed goes on when its caller is cancelled; one that waits is
    dropped, unless it is in the background.

    `capacity` bounds how many items wait or run; an app may have as many of these places as it leaves free.
    Background items come after the others, at most `background_batch` with each commit. A commit waits at
    most `linger` seconds for more callers that bring a few items each. `wait_seconds` has how long callers
    waited for each commit that has items of theirs.
    """

    def __init__(
        self,
        run: Run[ItemT, R],
        *,
        batch: int,
        capacity: int,
        background_batch: int = 100,
        linger: float = 0.008,
        wait_seconds: Histogram | None = None,
    ) -> None:
        self._run = run
        self._batch = batch
        self._wait_seconds = wait_seconds or Histogram(())
        self._background_batch = background_batch
        self._linger_time = linger
        self._budget = CommitTimeBudget()
        self._waiting: FairQueue[_Waiting[ItemT, R]] = FairQueue()
        #: The rows of the items that wait.
        self._waiting_rows = 0
        self._background: deque[_Waiting[ItemT, R]] = deque()
        self.places: Final = CommitPlaces(capacity)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        #: Which owners and apps came lately, and whether it was one app alone.
        self._owners, self._apps = Company(), Company()
        self._one_app = False
        #: Whether the last commit was for several callers, with a few items each.
        self._had_siblings = False

    def start(self) -> None:
        """Start committing, in a task. What is submitted before waits until then."""
        self._task = asyncio.create_task(self._loop(), name="committer")

    async def close(self) -> None:
        """Commit what waits, then stop. Later submissions raise `Unavailable` (DRAINING). Idempotent."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def submit(self, item: ItemT, *, background: bool = False) -> R:
        """Commit one item and return its result. Raises its error, and as `submit_all`."""
        (outcome,) = await self.submit_all((item,), background=background)
        if isinstance(outcome, UnisonoError):
            raise outcome
        return outcome

    async def submit_all(
        self, items: Sequence[ItemT], *, background: bool = False
    ) -> Sequence[R | UnisonoError]:
        """Commit items of one app, those of one feed in their order. Return each one's result or error.

        Raises `Unavailable` when too many items wait already (OVERLOADED), or after `close` (DRAINING).
        Nothing was committed then.
        """
        if not items:
            return []
        # No app asked for background items: none is refused for them, nor do they wait for a busy one.
        owner = _NOBODY if background else items[0].feed
        with self.reserved(owner, len(items)):
            return await self.submit_reserved(items, background=background)

    def reserved(self, owner: Owner, count: int) -> AbstractContextManager[None]:
        """Hold places for `count` items of one app, until the end of `with`. Raises as `submit_all`.

        Whoever has to prepare many items takes places first, and prepares nothing that is then refused.
        """
        self._check_open()
        return self.places.take(owner[0], count)

    async def submit_reserved(
        self, items: Sequence[ItemT], *, background: bool = False
    ) -> Sequence[R | UnisonoError]:
        """Commit items as `submit_all` does, within `reserved`.

        Raises `Unavailable` (DRAINING) when the committer was closed since.
        """
        if not items:
            return []
        self._check_open()
        loop = asyncio.get_running_loop()
        call: _Call[R] = _Call(len(items), loop.create_future(), loop.time())
        for place, item in enumerate(items):
            waiting = _Waiting(item, place, call)
            if background:
                self._background.append(waiting)
            else:
                self._waiting.push(item.feed, waiting)
                self._waiting_rows += item.rows
        self._wake.set()
        return await call.done

    def _check_open(self) -> None:
        if self._closing:
            raise Unavailable(Reason.DRAINING, "the server is stopping; try again")

    async def _loop(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._linger()
            while batch := self._take():
                await self._commit(batch)
                await self._linger()
            if self._closing:
                return

    async def _linger(self) -> None:
        """Wait for more items (docs/decisions/0010): a commit costs nearly the same for one as for many.

        While the loop is busy, waiting costs nothing: what is waited for is what keeps it busy. Whoever is
        alone does not wait.
        """
        if not self._had_siblings:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._linger_time
        while self._has_room and loop.time() < deadline:
            known, worked = len(self._waiting), time.thread_time()
            await asyncio.sleep(_POLL_INTERVAL)
            busy = time.thread_time() - worked > _BUSY_TIME
            if not busy and len(self._waiting) == known:
                return

    @property
    def _has_room(self) -> bool:
        """Whether the next commit can take more items than wait now."""
        return len(self._waiting) < self._batch and self._waiting_rows < self._budget.max_rows

    def _take(self) -> list[_Waiting[ItemT, R]]:
        batch: list[_Waiting[ItemT, R]] = []
        rows = self._budget.max_rows
        room = rows * _ALONE if self._one_app else rows
        while self._waiting and len(batch) < self._batch and (room > 0 or not batch):
            waiting = self._next(min(room, rows))
            if not waiting.call.done.cancelled():
                batch.append(waiting)
                room -= waiting.item.rows
        behind = min(self._background_batch, max(room, _BEHIND), len(self._background))
        return batch + [self._background.popleft() for _ in range(behind)]

    def _next(self, room: int) -> _Waiting[ItemT, R]:
        """The item whose turn it is, limited to its owner's share of the room if there are others."""
        owners = self._waiting.owners
        waiting = self._waiting.pop()
        self._waiting_rows -= waiting.item.rows
        now, feed = asyncio.get_running_loop().time(), waiting.item.feed
        self._one_app = self._apps.comes(feed.app_id, now)
        alone = self._owners.comes(feed, now) and owners == 1
        return waiting._replace(item=waiting.item.within(_UNBOUNDED if alone else room // owners))

    async def _commit(self, batch: Sequence[_Waiting[ItemT, R]]) -> None:
        callers, now = {waiting.call for waiting in batch}, asyncio.get_running_loop().time()
        for call in callers:
            self._wait_seconds.observe(now - call.submitted_at)
        outcomes = await self._outcomes([waiting.item for waiting in batch])
        several = bool(self._waiting) or len(callers) > 1
        self._had_siblings = several and len(batch) < _LARGE_CALL * len(callers)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.call.add(waiting.place, outcome)

    async def _outcomes(self, items: Sequence[ItemT]) -> Sequence[R | UnisonoError]:
        try:
            committed = await self._run(items)
        except Unavailable as error:
            log.debug("commit failed", items=len(items), reason=error.reason, error=str(error))
            return [error] * len(items)
        except Exception as error:
            if len(items) > 1:
                log.warning(
                    "batch failed, running its items alone", items=len(items), error=type(error).__name__
                )
                return [outcome for item in items for outcome in await self._outcomes([item])]
            log.exception("item failed")
            return [UnisonoError(Reason.INTERNAL, "the item could not be committed")]
        self._budget.record(sum(item.rows for item in items), committed.work)
        return committed.outcomes
