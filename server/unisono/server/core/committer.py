"""Group commit: what arrives while a commit runs goes into the next one. Knows not what is committed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from unisono.server.errors import Reason, Unavailable, UnisonoError

log = structlog.get_logger(__name__)

ItemT = TypeVar("ItemT")
R = TypeVar("R")

Run = Callable[[Sequence[ItemT]], Awaitable[Sequence[R | UnisonoError]]]


class Committer(Generic[ItemT, R]):
    """Feeds batches of items to `run`, one batch at a time, in the order of arrival.

    `run` returns an outcome for each item, or raises: `Unavailable` reaches every item of the batch;
    anything else makes each item run alone, so that it reaches only the item that causes it. An item
    goes on when the caller that waits for it is cancelled.

    `capacity` bounds how many items may wait. Background items ride along behind the others, at most
    `background_batch` with each commit.
    """

    def __init__(self, run: Run[ItemT, R], *, batch: int, capacity: int, background_batch: int = 100) -> None:
        self._run = run
        self._batch = batch
        self._capacity = capacity
        self._background_batch = background_batch
        self._waiting: deque[tuple[ItemT, asyncio.Future[R | UnisonoError]]] = deque()
        self._background: deque[tuple[ItemT, asyncio.Future[R | UnisonoError]]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

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
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[R | UnisonoError]] = [loop.create_future() for _ in items]
        queue = self._background if background else self._waiting
        queue.extend(zip(items, futures, strict=True))
        self._wake.set()
        # An item that waits for its commit is not touched by the cancellation of whoever asked for it.
        return [await asyncio.shield(future) for future in futures]

    def _admit(self, count: int) -> None:
        if self._closing:
            raise Unavailable(Reason.DRAINING, "the server is stopping; try again")
        if len(self._waiting) + len(self._background) + count > self._capacity:
            raise Unavailable(Reason.OVERLOADED, "too much is waiting to be committed; try again")

    async def _loop(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._take():
                await self._commit(batch)
            if self._closing:
                return

    def _take(self) -> list[tuple[ItemT, asyncio.Future[R | UnisonoError]]]:
        live = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
        behind = min(self._background_batch, len(self._background))
        return live + [self._background.popleft() for _ in range(behind)]

    async def _commit(self, batch: Sequence[tuple[ItemT, asyncio.Future[R | UnisonoError]]]) -> None:
        outcomes = await self._outcomes([item for item, _ in batch])
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

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
