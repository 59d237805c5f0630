"""Ctrl-C and SIGTERM as an event: whoever listens ends in good order."""

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def ending() -> Iterator[asyncio.Event]:
    """An event that is set when the process is asked to end. On Windows Ctrl-C stays an exception."""
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
