"""Ends what handles a call when the time of its client is over."""

import asyncio
from typing import cast


class Deadline:
    """A timer around the current task: when it is over, the task is cancelled, once.

    Not `asyncio.timeout`: that turns the cancellation into an exception within the task that other handlers
    would see, and takes twice the time. Once closed, it does not know the task any more: what a cancelled
    task leaves behind must not wait for the garbage collector.
    """

    __slots__ = ("_timer", "has_passed")

    def __init__(self, seconds: float | None) -> None:
        """`seconds` is None for a client that waits for ever. Only a task may make one."""
        self.has_passed = False
        self._timer: asyncio.TimerHandle | None = None
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._pass, _current_task())

    def take_back(self) -> bool:
        """Return whether a cancellation of the task was this one, and nothing else; then undo it."""
        return self.has_passed and not _current_task().uncancel()

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pass(self, task: "asyncio.Task[object]") -> None:
        self.has_passed = True
        task.cancel()


def _current_task() -> "asyncio.Task[object]":
    return cast("asyncio.Task[object]", asyncio.current_task())
