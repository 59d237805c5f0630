"""A state machine whose rules do asynchronous work, on one event loop of its own. Knows no rule."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from tests.support.processes import TIMEOUT

T = TypeVar("T")


class AsyncStateMachine(RuleBasedStateMachine):
    """Subclasses say how they `begin` and `finish`; each of their rules awaits on the same loop."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self.run(self.begin())

    async def begin(self) -> None:
        """Make what the rules act on."""

    async def finish(self) -> None:
        """Judge the whole of it."""

    async def release(self) -> None:
        """Let go of everything, whatever was found."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of some work."""
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
