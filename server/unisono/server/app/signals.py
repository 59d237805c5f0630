"""Handles the signals that a running server may receive.

The default action of each is to end the process, which would cut every stream without a Goodbye. SIGQUIT
keeps that action, as the way to end a process that hangs; Python itself ignores SIGPIPE.
"""

import asyncio
import os
import signal
from collections.abc import Callable

import structlog

from unisono.server.config import InvalidSettings
from unisono.server.core.access.misconfigured import AccessMisconfigured

log = structlog.get_logger(__name__)

STOP = (signal.SIGTERM, signal.SIGINT)

#: Sent to make programs reopen their log files, or by mistake.
MEANINGLESS = (signal.SIGUSR1, signal.SIGUSR2)


class Signals:
    """Handles signals from its creation on, which needs a running event loop.

    The first SIGTERM or SIGINT sets `stop`, the next one `drain`, if nobody has set that before; another one
    ends the process at once, with exit status 1. SIGHUP calls what `on_reload` was given. SIGUSR1 and SIGUSR2
    are logged only.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.drain = asyncio.Event()
        self._reloads: dict[str, Callable[[], None]] = {}
        loop = asyncio.get_running_loop()
        for number in STOP:
            loop.add_signal_handler(number, self._on_stop)
        loop.add_signal_handler(signal.SIGHUP, self._on_reload)
        for number in MEANINGLESS:
            loop.add_signal_handler(number, _on_meaningless, number)

    def on_reload(self, what: str, reload: Callable[[], None]) -> None:
        """Have `reload` called at each SIGHUP from now on, on the event loop; `what` names it in the log.

        What it raises is logged, and keeps no other from being called; where that is `InvalidSettings` or
        `AccessMisconfigured`, nothing has changed.
        """
        self._reloads[what] = reload

    def _on_stop(self) -> None:
        if self.drain.is_set():
            log.warning("stopping at once")
            # What is committed is on the disk; everything else is only memory.
            os._exit(1)
        (self.drain if self.stop.is_set() else self.stop).set()

    def _on_reload(self) -> None:
        if not self._reloads:
            log.info("nothing is there to be reloaded yet")
        for what, reload in self._reloads.items():
            try:
                reload()
            except (InvalidSettings, AccessMisconfigured) as error:
                log.warning("not reloaded; what was there before stays in use", what=what, error=str(error))
            except Exception as error:
                log.error("not reloaded", what=what, exc_info=error)
            else:
                log.info("reloaded", what=what)


def _on_meaningless(number: signal.Signals) -> None:
    log.info("signal without a meaning", signal=number.name)
