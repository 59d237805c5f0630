"""How a long command ends: on SIGTERM or SIGHUP in good order, and as a whole when one part has ended.

Ctrl-C needs no help: asyncio makes a KeyboardInterrupt of it, once everything is closed.
"""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

_SIGNALS: Final = ("SIGTERM", "SIGHUP")


@contextmanager
def stop_event() -> Iterator[asyncio.Event]:
    """Yield an event that is set by SIGTERM and SIGHUP until the block ends; never set on Windows."""
    asked = asyncio.Event()
    if sys.platform == "win32":
        yield asked
        return
    loop = asyncio.get_running_loop()
    numbers = [signal.Signals[name] for name in _SIGNALS]
    for number in numbers:
        loop.add_signal_handler(number, asked.set)
    try:
        yield asked
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def run_until_first_done(*works: Coroutine[Any, Any, object]) -> None:
    """Run coroutines together until one ends, then cancel the others and wait for them.

    Raises what the first one raised. To cancel this cancels them all.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
