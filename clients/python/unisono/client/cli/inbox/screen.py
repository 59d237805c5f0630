"""The inbox on a whole terminal: draws it, reads keys, rings, and restores the terminal at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from rich.console import Console
from rich.live import Live

from unisono.client._device.device import Device
from unisono.client.cli.formatting.errors import Attempt
from unisono.client.cli.inbox.inbox import Inbox
from unisono.client.cli.inbox.keyboard import Keyboard
from unisono.client.cli.inbox.view import InboxView
from unisono.client.cli.signals import run_until_first_done

#: The longest and the shortest interval between two drawings, in seconds: ages change each second.
MAX_REDRAW_INTERVAL: Final = 1.0
MIN_REDRAW_INTERVAL: Final = 1 / 30

#: DECAWM. Terminals differ in how wide an emoji is: a line that is too long there must not become two.
CUT_LINES: Final = "\x1b[?7l"
WRAP_LINES: Final = "\x1b[?7h"


class Screen:
    """The inbox of a device on a whole terminal. `bell`: sound the terminal's bell when something rings."""

    def __init__(self, device: Device, *, attempt: Attempt, bell: bool) -> None:
        self._console = Console(highlight=False)
        self._dirty = asyncio.Event()
        self._inbox = Inbox(
            device,
            attempt=attempt,
            changed=self._dirty.set,
            rang=self._console.bell if bell else lambda: None,
        )
        self._keyboard = Keyboard(sys.stdin.fileno(), self._inbox.on_key)
        self._live = Live(
            console=self._console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    async def run(self) -> None:
        """Show the inbox until the person quits or the device ends for good, and raise why it ended.

        The terminal is restored in any case, also when this is cancelled.
        """
        with self._signals(), self._terminal():
            await run_until_first_done(self._inbox.quit.wait(), self._inbox.run(), self._draw())

    def remark(self, text: str) -> None:
        """Show a text for a few seconds."""
        self._inbox.remark(text)

    async def _draw(self) -> None:
        while True:
            self._dirty.clear()
            self._live.update(InboxView(self._inbox.view_model()), refresh=True)
            await asyncio.sleep(MIN_REDRAW_INTERVAL)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_REDRAW_INTERVAL):
                    await self._dirty.wait()

    @contextmanager
    def _terminal(self) -> Iterator[None]:
        try:
            self._open()
            yield
        finally:
            self._close()

    def _open(self) -> None:
        self._keyboard.open()
        self._live.start()
        self._console.file.write(CUT_LINES)

    def _close(self) -> None:
        try:
            self._console.file.write(WRAP_LINES)
            self._live.stop()
        finally:
            self._keyboard.close()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Draw anew in a window of another size; on Ctrl-Z restore the terminal until `fg`."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self._dirty.set)
        loop.add_signal_handler(signal.SIGTSTP, self._suspend)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            loop.remove_signal_handler(signal.SIGTSTP)

    def _suspend(self) -> None:
        self._close()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._open()
        self._dirty.set()
