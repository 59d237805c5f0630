"""Group commit: what arrives while a commit runs goes into the next one. Knows not what is committed."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import structlog

from unisono.server.errors import Reason, Unavailable, UnisonoError

log = structlog.get_logger(__name__)

ItemT = TypeVar("ItemT")
R = TypeVar("R")

Run = Callable[[Sequence[ItemT]], Awaitable[Sequence[R | UnisonoError]]]

#: How often a commit that waits for those who are on their way looks around, in seconds.
_LOOK: Final = 0.0005

#: With so many items from each caller, a commit is worth it without others.
_MANY: Final = 16


class _Call(Generic[R]):
    """The outcomes of what was submitted together, as they come."""

    def __init__(self, count: int, done: asyncio.Future[Sequence[R | UnisonoError]]) -> None:
        self._count = count
        self._outcomes: list[R | UnisonoError] = []
        self.done = done

    def add(self, outcome: R | UnisonoError) -> None:
        self._outcomes.append(outcome)
        # Whoever was cancelled has cancelled the future.
        if len(self._outcomes) == self._count and not self.done.done():
            self.done.set_result(self._outcomes)


class Committer(Generic[ItemT, R]):
    """Feeds batches of items to `run`, one batch at a time, in the order of arrival.

    `run` returns an outcome for each item, or raises: `Unavailable` reaches every item of the batch;
    anything else makes each item run alone, so that it reaches only the item that causes it. An item
    goes on when the caller that waits for it is cancelled.

    `capacity` bounds how many items may wait. Background items ride along behind the others, at most
    `background_batch` with each commit. A commit waits at most `gather` seconds for callers who are on
    their way with a few items each.
    """

    def __init__(
        self,
        run: Run[ItemT, R],
        *,
        batch: int,
        capacity: int,
        background_batch: int = 100,
        gather: float = 0.008,
    ) -> None:
        self._run = run
        self._batch = batch
        self._capacity = capacity
        self._background_batch = background_batch
        self._gather_time = gather
        self._waiting: deque[tuple[ItemT, _Call[R]]] = deque()
        self._background: deque[tuple[ItemT, _Call[R]]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        #: Whether the last commit was the work of several callers, with a few items each.
        self._company = False

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
        """Commit items in their order; an outcome for each. Raises Unavailable when the queue is full."""
        self._admit(len(items))
        if not items:
            return []
        call: _Call[R] = _Call(len(items), asyncio.get_running_loop().create_future())
        queue = self._background if background else self._waiting
        queue.extend((item, call) for item in items)
        self._wake.set()
        return await call.done

    def _admit(self, count: int) -> None:
        if self._closing:
            raise Unavailable(Reason.DRAINING, "the server is stopping; try again")
        if len(self._waiting) + len(self._background) + count > self._capacity:
            raise Unavailable(Reason.OVERLOADED, "too much is waiting to be committed; try again")

    async def _loop(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._gather()
            while batch := self._take():
                await self._commit(batch)
                await self._gather()
            if self._closing:
                return

    async def _gather(self) -> None:
        """Let those come in that are on their way: a commit costs nearly the same for one as for many.

        While the loop is busy, waiting costs nobody anything: what is waited for is what it is busy with.
        Whoever is alone is not held up.
        """
        if not self._company:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._gather_time
        while len(self._waiting) < self._batch and loop.time() < deadline:
            known, worked = len(self._waiting), time.thread_time()
            await asyncio.sleep(_LOOK)
            busy = time.thread_time() - worked > _LOOK / 2
            if not busy and len(self._waiting) == known:
                return

    def _take(self) -> list[tuple[ItemT, _Call[R]]]:
        live = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
        behind = min(self._background_batch, len(self._background))
        return live + [self._background.popleft() for _ in range(behind)]

    async def _commit(self, batch: Sequence[tuple[ItemT, _Call[R]]]) -> None:
        outcomes = await self._outcomes([item for item, _ in batch])
        callers = {call for _, call in batch}
        several = bool(self._waiting) or len(callers) > 1
        self._company = several and len(batch) < _MANY * len(callers)
        for (_, call), outcome in zip(batch, outcomes, strict=True):
            call.add(outcome)

    async def _outcomes(self, items: Sequence[ItemT]) -> Sequence[R | UnisonoError]:
        try:
            return await self._run(items)
        except Unavailable as error:
            log.warning("commit failed", items=len(items), reason=error.reason, error=str(error))
            return [error] * len(items)
        except Exception as error:
            if len(items) > 1:
                log.warning("batch failed, running its items alone", items=len(items), error=repr(error))
                return [outcome for item in items for outcome in await self._outcomes([item])]
            log.exception("item failed")
            return [UnisonoError(Reason.INTERNAL, "the item could not be committed")]
