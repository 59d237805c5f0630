"""What signals do to a running server. Knows no node.

The default action of each of these is to end the process, which would cut every stream without a goodbye.
SIGQUIT keeps it, as the way to end a process that does not listen any more; Python itself ignores SIGPIPE.
"""

import asyncio
import os
import signal

import structlog

log = structlog.get_logger(__name__)

STOP = (signal.SIGTERM, signal.SIGINT)

#: Meant for programs that renew their log files, or sent by mistake.
MEANINGLESS = (signal.SIGUSR1, signal.SIGUSR2)


class Signals:
    """Listens to signals from now on. `stop` is set by the first one to stop; a second ends the process."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP:
            loop.add_signal_handler(number, self._on_stop)
        loop.add_signal_handler(signal.SIGHUP, _on_reload)
        for number in MEANINGLESS:
            loop.add_signal_handler(number, _on_meaningless, number)

    def _on_stop(self) -> None:
        if self.stop.is_set():
            log.warning("stopping at once")
            # What is committed is on the disk; everything else is only memory.
            os._exit(1)
        self.stop.set()


def _on_reload() -> None:
    log.info("nothing is reloaded: certificates are renewed by themselves, the rest needs a restart")


def _on_meaningless(number: signal.Signals) -> None:
    log.info("signal without a meaning", signal=number.name)
