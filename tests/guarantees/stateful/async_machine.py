"""A hypothesis state machine whose rules await, on an event loop of its own."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from tests.support.processes import TIMEOUT

T = TypeVar("T")


class AsyncStateMachine(RuleBasedStateMachine):
    """A state machine with an event loop. Subclasses override `begin`, `finish` and `release`."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self.run(self.begin())

    async def begin(self) -> None:
        """Set up what the rules act on."""

    async def finish(self) -> None:
        """Check the whole history after the last rule."""

    async def release(self) -> None:
        """Release all resources, also after an error."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Await work on the machine's event loop, and return its result. Raises `TimeoutError`."""
        return self._runner.run(_in_time(work))

    def teardown(self) -> None:
        try:
            try:
                self.run(self.finish())
            finally:
                self.run(self.release())
        finally:
            self._runner.close()


async def _in_time(work: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(TIMEOUT):
        return await work
