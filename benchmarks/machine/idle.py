"""Waits until a process is idle, by what Linux reports of it."""

import asyncio
import time
from typing import Final

from benchmarks.machine import usage

#: How long a process has to be idle, in seconds. Our server writes within a second which devices have left.
_REST: Final = 1.5

#: The share of a core that an idle process takes at most, with its timers and heartbeats.
_IDLE: Final = 0.1

#: How often the process is checked, and how long it may take, in seconds.
_PAUSE: Final = 0.02
_TIMEOUT: Final = 60.0


async def wait_closed(pid: int, files: int) -> None:
    """Wait until a process has at most `files` open files. Raises TimeoutError after 60 seconds."""
    end = time.monotonic() + _TIMEOUT
    while usage.open_files(pid) > files:
        _check(end)
        await asyncio.sleep(_PAUSE)


async def wait_idle(pid: int) -> None:
    """Wait until a process has been idle for 1.5 seconds. Raises TimeoutError after 60 seconds."""
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
