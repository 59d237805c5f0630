"""Runs a node until it is told to stop: the first signal drains, a second one stops at once."""

import asyncio
import os
import signal

import structlog

from unisono.server.app.build import build, certificate
from unisono.server.app.garbage import look_less_often
from unisono.server.app.log import configure
from unisono.server.app.open_files import raise_open_files
from unisono.server.config import Settings
from unisono.server.config.address import Address

log = structlog.get_logger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises `AccessMisconfigured`, `CertificateError`, `StoreError` or `ListenError` when it cannot start.
    """
    configure(settings.log_format, settings.log_level)
    node = build(settings)
    tls = certificate(settings)
    signals = _Signals()
    raise_open_files()
    port = await node.start(settings.listen, tls)
    look_less_often()
    host = Address.parse(settings.listen).host
    shown = f"[{host}]" if ":" in host else host
    log.info("serving", address=f"{shown}:{port}", store=settings.store, tls=tls is not None)
    if settings.dev:
        log.warning("the development key is accepted; do not use this for real users")
    await signals.first.wait()
    await node.stop(settings.drain_grace)


class _Signals:
    """Counts the signals to stop."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._hear)

    def _hear(self) -> None:
        if self.first.is_set():
            log.warning("stopping at once")
            # What is committed is on the disk; everything else is only memory.
            os._exit(1)
        self.first.set()
