"""Ends what handles a call when the time of its client is over."""

import asyncio
from typing import cast


class Deadline:
    """A timer around the current task: when it is over, the task is cancelled, once.

    Not `asyncio.timeout`: that turns the cancellation into an exception within the task that other handlers
    would see, and takes twice the time.
    """

    __slots__ = ("_task", "_timer", "has_passed")

    def __init__(self, seconds: float | None) -> None:
        """`seconds` is None for a client that waits for ever. Only a task may make one."""
        self.has_passed = False
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self._pass)

    def take_back(self) -> bool:
        """Return whether a cancellation of the task was this one, and nothing else; then undo it."""
        return self.has_passed and not self._task.uncancel()

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _pass(self) -> None:
        self.has_passed = True
        self._task.cancel()
