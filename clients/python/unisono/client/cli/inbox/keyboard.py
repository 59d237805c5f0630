"""The keyboard of a terminal: each key as it is pressed, without echo."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Final

from unisono.client.cli.inbox.keys import Keys

#: How long the rest of a sequence may take, in seconds: more than a slow line needs, less than a person.
ESCAPE_DELAY: Final = 0.05

if sys.platform != "win32":
    import termios
    import tty


class Keyboard:
    """The keyboard of a terminal, which calls `pressed` with each key while it is open.

    At the end of its input it calls `pressed` with "hangup". May be opened again after `close`.
    """

    def __init__(self, descriptor: int, pressed: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._pressed = pressed
        self._keys = Keys()
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.TimerHandle | None = None
        self._before = termios.tcgetattr(descriptor)

    def open(self) -> None:
        """Read keys without echo, and without waiting for Enter. Ctrl-C and Ctrl-Z stay signals."""
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)
        self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Restore the terminal as it was, and discard what was typed and not read."""
        self._stop_waiting()
        self._loop.remove_reader(self._descriptor)
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._before)

    def _read(self) -> None:
        self._stop_waiting()
        try:
            data = os.read(self._descriptor, 1024)
        except OSError:  # the terminal is gone
            data = b""
        if not data:
            self._loop.remove_reader(self._descriptor)
        self._press(self._keys.feed(data) if data else ["hangup"])
        if self._keys.unfinished:
            self._waiting = self._loop.call_later(ESCAPE_DELAY, lambda: self._press(self._keys.flush()))

    def _press(self, keys: list[str]) -> None:
        for key in keys:
            self._pressed(key)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
