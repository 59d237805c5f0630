"""Watches whether the store is away: whether nothing that is promised can be kept.

A full disk is not that: what is stored can be read, and streams go on.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from unisono.server.clock import Clock, SingleWaiterEvent
from unisono.server.errors import Reason, Unavailable
from unisono.server.store.base import BatchRejected, Store

log = structlog.get_logger(__name__)

INTERVAL: Final = 1.0
"""Seconds between two looks."""

PATIENCE: Final = 20.0
"""Seconds after which a store that does not answer is away: a disk that hangs raises no error."""


class StoreWatch:
    """Looks at the store each `INTERVAL` seconds, and calls `tell` with whether it is away, at each change.

    It writes only after a call has failed, until a check succeeds: nobody needs a disk to be written for
    that while calls do. So that a store that nobody uses cannot be written is seen when somebody does.
    One that does not answer within `patience` seconds is away, too.
    """

    def __init__(
        self, store: Store, clock: Clock, tell: Callable[[bool], None], *, patience: float = PATIENCE
    ) -> None:
        self._store = store
        self._clock = clock
        self._tell = tell
        self._patience = patience
        self._away = False
        self._failures = 0
        self._stopping = SingleWaiterEvent()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_away(self) -> bool:
        """Whether the store is away, as the last look found it."""
        return self._away

    def start(self) -> None:
        """Start to look, in a task."""
        self._failures = self._store.failures
        self._task = asyncio.create_task(self._loop(), name="store watch")

    async def close(self) -> None:
        """Stop, after the check that runs, if one does. Idempotent."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _loop(self) -> None:
        while not await self._clock.wait(self._stopping, INTERVAL):
            failures = self._store.failures
            suspected, self._failures = failures != self._failures, failures
            try:
                await self._look(write=suspected or self._away)
            except Exception:
                log.exception("the store could not be looked at")

    async def _look(self, *, write: bool) -> None:
        check = asyncio.create_task(self._fault(write=write))
        # By the machine's own clock: it is about a disk, and bounds nothing that is promised.
        answered, _ = await asyncio.wait((check,), timeout=self._patience)
        if not answered:
            self._found(f"it has not answered for {self._patience:g} s")
        # No other one meanwhile: they would queue up where the store hangs.
        self._found(await check)

    async def _fault(self, *, write: bool) -> str | None:
        """Return why the store is away; None where it is not."""
        try:
            await self._store.check(write=write)
        except Unavailable as error:
            return None if error.reason is Reason.STORE_FULL else error.message
        except BatchRejected as error:
            return str(error)
        return None

    def _found(self, fault: str | None) -> None:
        if (fault is not None) == self._away:
            return
        self._away = fault is not None
        if fault is None:
            log.info("the store is back")
        else:
            log.error("the store is away", error=fault)
        self._tell(self._away)
