"""How what runs for long ends: on SIGTERM in good order, and all of it when a part has ended.

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
    """An event that is set when the process is asked to end. Windows asks nobody."""
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
    """Run them together, and end all when one ends. Raises what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
