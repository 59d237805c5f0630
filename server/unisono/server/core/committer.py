"""Group commit: what arrives while a commit runs goes into the next one. Knows not what is committed."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Generic, NamedTuple, Protocol, Self, TypeVar

import structlog

from unisono.server.core.budget import Budget
from unisono.server.core.company import Company
from unisono.server.errors import Reason, Unavailable, UnisonoError
from unisono.server.fair_queue import FairQueue, Owner
from unisono.server.model import FeedKey
from unisono.server.model.value import value

log = structlog.get_logger(__name__)

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Item(Protocol):
    """One thing to commit: whose it is, and how many rows it is about."""

    @property
    def feed(self) -> FeedKey: ...
    @property
    def rows(self) -> int: ...
    def within(self, rows: int) -> Self:
        """The same, about no more than so many rows now, where it can be done in steps."""


ItemT = TypeVar("ItemT", bound=Item)


@value(frozen=True, slots=True, kw_only=True)
class Committed(Generic[R_co]):
    """What came of a batch: an outcome for each item, and the seconds of a processor that it took."""

    outcomes: Sequence[R_co | UnisonoError]
    work: float = 0.0


Run = Callable[[Sequence[ItemT]], Awaitable[Committed[R]]]

#: How often a commit that waits for those who are on their way looks around, in seconds.
_POLL_INTERVAL: Final = 0.0005

#: With so many items from each caller, a commit is worth it without others.
_LARGE_CALL: Final = 16

#: How many background items a commit takes, however full it is: they get on all the same.
_BEHIND: Final = 10

#: How many times as many rows a commit takes while one app alone commits: nobody else waits for them.
_ALONE: Final = 4

#: Whose background items are, as far as places are concerned.
_NOBODY: Final[Owner] = ("", "")

#: What an item may be about while nobody else waits: as much as it likes.
_UNBOUNDED: Final = 2**31


class _Call(Generic[R]):
    """The outcomes of what was submitted together, as they come."""

    def __init__(self, count: int, done: "asyncio.Future[Sequence[R | UnisonoError]]") -> None:
        self._missing = count
        self._outcomes: dict[int, R | UnisonoError] = {}
        self.done = done

    def add(self, place: int, outcome: R | UnisonoError) -> None:
        self._outcomes[place] = outcome
        self._missing -= 1
        # Whoever was cancelled has cancelled the future.
        if not self._missing and not self.done.done():
            self.done.set_result([self._outcomes[place] for place in range(len(self._outcomes))])


class _Waiting(NamedTuple, Generic[ItemT, R]):
    """An item, and its place in its call."""

    item: ItemT
    place: int
    call: _Call[R]


class Committer(Generic[ItemT, R]):
    """Feeds batches of items to `run`, one batch at a time.

    What is about one feed is committed in the order of arrival; between two turns of one app each other app
    that waits has one, and within an app each user. A batch has as many rows as its budget says, but at
    least one item, and at most `batch` items.

    `run` returns an outcome for each item, or raises: `Unavailable` reaches every item of the batch;
    anything else makes each item run alone, so that it reaches only the item that causes it. An item that
    is being committed goes on when its caller is cancelled; one that waits is given up with its caller.

    `capacity` bounds how many items may wait; an app may have as many of these places as it leaves to
    others. Background items ride along behind the others, at most `background_batch` with each commit. A
    commit waits at most `gather` seconds for callers who are on their way with a few items each.
    """

    def __init__(
        self,
        run: Run[ItemT, R],
        *,
        batch: int,
        capacity: int,
        background_batch: int = 100,
        linger: float = 0.008,
    ) -> None:
        self._run = run
        self._batch = batch
        self._capacity = capacity
        self._background_batch = background_batch
        self._linger_time = linger
        self._budget = Budget()
        self._waiting: FairQueue[_Waiting[ItemT, R]] = FairQueue()
        #: What those that wait are about.
        self._waiting_rows = 0
        self._background: deque[_Waiting[ItemT, R]] = deque()
        #: How many items of each app wait, or are being prepared or committed.
        self._places: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        #: Whose items were committed lately, and whether all were of one app.
        self._owners, self._apps = Company(), Company()
        self._one_app = False
        #: Whether the last commit was the work of several callers, with a few items each.
        self._had_siblings = False

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._loop(), name="committer")

    async def close(self) -> None:
        """Commit what waits, then stop. Later submissions are refused. Idempotent."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def submit(self, item: ItemT, *, background: bool = False) -> R:
        """Commit one item and return its result, or raise its error."""
        (outcome,) = await self.submit_all((item,), background=background)
        if isinstance(outcome, UnisonoError):
            raise outcome
        return outcome

    async def submit_all(
        self, items: Sequence[ItemT], *, background: bool = False
    ) -> Sequence[R | UnisonoError]:
        """Commit items, those about one feed in their order; an outcome for each.

        Raises Unavailable when too much waits already.
        """
        if not items:
            return []
        # What time does is nobody's wish: no app is refused for it, nor does it wait for a busy one.
        owner = _NOBODY if background else items[0].feed
        with self.reserved(owner, len(items)):
            return await self.submit_reserved(items, background=background)

    @contextmanager
    def reserved(self, owner: Owner, count: int) -> Iterator[None]:
        """Places in the queue for items of one app. Raises Unavailable when too much waits already.

        Whoever has to prepare many takes them before, so that nothing is prepared to be refused.
        """
        app_id = owner[0]
        self._admit(app_id, count)
        self._places[app_id] += count
        try:
            yield
        finally:
            self._places[app_id] -= count
            if not self._places[app_id]:
                del self._places[app_id]

    async def submit_reserved(
        self, items: Sequence[ItemT], *, background: bool = False
    ) -> Sequence[R | UnisonoError]:
        """The same as `submit_all`, where places are reserved already.

        Raises Unavailable when the committer was closed since.
        """
        if not items:
            return []
        self._check_open()
        call: _Call[R] = _Call(len(items), asyncio.get_running_loop().create_future())
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

    def _admit(self, app_id: str, count: int) -> None:
        self._check_open()
        free = self._capacity - self._places.total() - count
        if free < 0 or self._places[app_id] > free:
            raise Unavailable(Reason.OVERLOADED, "too much is waiting to be committed; try again")

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
        """Let those come in that are on their way: a commit costs nearly the same for one as for many.

        While the loop is busy, waiting costs nobody anything: what is waited for is what it is busy with.
        Whoever is alone is not held up.
        """
        if not self._had_siblings:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._linger_time
        while self._has_room and loop.time() < deadline:
            known, worked = len(self._waiting), time.thread_time()
            await asyncio.sleep(_POLL_INTERVAL)
            busy = time.thread_time() - worked > _POLL_INTERVAL / 2
            if not busy and len(self._waiting) == known:
                return

    @property
    def _has_room(self) -> bool:
        """Whether the next commit can take more than what waits."""
        return len(self._waiting) < self._batch and self._waiting_rows < self._budget.rows

    def _take(self) -> list[_Waiting[ItemT, R]]:
        batch: list[_Waiting[ItemT, R]] = []
        rows = self._budget.rows
        room = rows * _ALONE if self._one_app else rows
        while self._waiting and len(batch) < self._batch and (room > 0 or not batch):
            waiting = self._next(min(room, rows))
            if not waiting.call.done.cancelled():
                batch.append(waiting)
                room -= waiting.item.rows
        behind = min(self._background_batch, max(room, _BEHIND), len(self._background))
        return batch + [self._background.popleft() for _ in range(behind)]

    def _next(self, room: int) -> _Waiting[ItemT, R]:
        """The item whose turn it is, with its owner's share of the room, if there are others."""
        owners = self._waiting.owners
        waiting = self._waiting.pop()
        self._waiting_rows -= waiting.item.rows
        now, feed = asyncio.get_running_loop().time(), waiting.item.feed
        self._one_app = self._apps.comes(feed.app_id, now)
        alone = self._owners.comes(feed, now) and owners == 1
        return waiting._replace(item=waiting.item.within(_UNBOUNDED if alone else room // owners))

    async def _commit(self, batch: Sequence[_Waiting[ItemT, R]]) -> None:
        outcomes = await self._outcomes([waiting.item for waiting in batch])
        callers = {waiting.call for waiting in batch}
        several = bool(self._waiting) or len(callers) > 1
        self._had_siblings = several and len(batch) < _LARGE_CALL * len(callers)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.call.add(waiting.place, outcome)

    async def _outcomes(self, items: Sequence[ItemT]) -> Sequence[R | UnisonoError]:
        try:
            committed = await self._run(items)
        except Unavailable as error:
            log.warning("commit failed", items=len(items), reason=error.reason, error=str(error))
            return [error] * len(items)
        except Exception as error:
            if len(items) > 1:
                log.warning("batch failed, running its items alone", items=len(items), error=repr(error))
                return [outcome for item in items for outcome in await self._outcomes([item])]
            log.exception("item failed")
            return [UnisonoError(Reason.INTERNAL, "the item could not be committed")]
        self._budget.record(sum(item.rows for item in items), committed.work)
        return committed.outcomes
