"""Waits until a process has nothing left to do, as Linux tells it. Knows no server."""

import asyncio
import time
from typing import Final

from benchmarks.machine import usage

#: Our server writes within a second who has left, so that a longer rest means that it has.
_REST: Final = 1.5

#: How much of a core is taken, at most, by one that rests, with its clocks and what beats in it.
_IDLE: Final = 0.1

#: How often it is looked, and how long it may take, in seconds.
_PAUSE: Final = 0.02
_TIMEOUT: Final = 60.0


async def wait_closed(pid: int, files: int) -> None:
    """Wait until a process has at most so many files open. Raises TimeoutError."""
    end = time.monotonic() + _TIMEOUT
    while usage.open_files(pid) > files:
        _check(end)
        await asyncio.sleep(_PAUSE)


async def wait_idle(pid: int) -> None:
    """Wait until a process takes next to no time. Raises TimeoutError."""
    end = time.monotonic() + _TIMEOUT
    took = _IDLE * _REST
    while took >= _IDLE * _REST:
        _check(end)
        before = usage.processor_time(pid)
        await asyncio.sleep(_REST)
        took = usage.processor_time(pid) - before


def _check(end: float) -> None:
    if time.monotonic() > end:
        raise TimeoutError(f"a server is not at rest after {_TIMEOUT:g} seconds")
