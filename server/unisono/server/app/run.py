"""Runs a node until a signal to stop: the first one drains it, after a delay, which the next one cuts short,
and another one ends the process at once.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress

import structlog

from unisono.server.api.call_traces import CallTraces
from unisono.server.api.tls import Certificate
from unisono.server.app.audit_file import AuditFile, audit_file
from unisono.server.app.build import Built, build, certificate, check_key_is_private
from unisono.server.app.gc_tuning import tune_gc
from unisono.server.app.hook_book import hooks_of
from unisono.server.app.log import configure
from unisono.server.app.open_files import raise_open_files
from unisono.server.app.service_manager import READY, STOPPING, notify
from unisono.server.app.signals import Signals
from unisono.server.app.trying_out import page_address
from unisono.server.clock import SystemClock
from unisono.server.config import Settings
from unisono.server.config.address import Address
from unisono.server.keys.base import FixedKeys

log = structlog.get_logger(__name__)


async def serve(settings: Settings, read_again: Callable[[], Settings]) -> None:
    """Run a server until SIGTERM or SIGINT, then wait `drain_delay` and drain it for at most `drain_grace`.

    `read_again` returns the settings as they are now, of which the hooks are taken at a SIGHUP. It may raise
    `InvalidSettings`.

    Raises `AccessMisconfigured`, `CertificateError`, `StoreError` or `ListenError` when it cannot start, and
    `OSError` when the audit log cannot be opened.
    """
    configure(settings.log_format, settings.log_level)
    signals = Signals()
    async with audit_file(settings.audit_log, SystemClock()) as audit:
        if audit is not None:
            signals.on_reload("the audit log", audit.reopen)
        async with _traces_sent(settings) as traces:
            await _serve(settings, read_again, signals, audit, traces)


async def _serve(
    settings: Settings,
    read_again: Callable[[], Settings],
    signals: Signals,
    audit: AuditFile | None,
    traces: CallTraces | None,
) -> None:
    built = build(settings, audit, raise_open_files(), traces)
    node = built.node
    signals.on_reload("the keys of issuers", node.reload)
    signals.on_reload("the hooks", lambda: _reload_hooks(built, read_again(), settings.chosen_transport))
    tls = certificate(settings)
    check_key_is_private(settings)
    async with _metrics_served(settings, built, tls):
        port = await node.start(settings.listen, tls)
        tune_gc()
        address = Address.parse(settings.listen)
        log.info(
            "serving",
            address=address.at(port),
            store=settings.store,
            tls=tls is not None,
            transport=settings.chosen_transport,
            **({"page": page} if (page := page_address(settings, port)) else {}),
        )
        if settings.dev:
            log.warning("the development key is accepted; do not use this for real users")
        if tls is None and not address.is_loopback and not settings.behind_tls_proxy:
            log.warning("access tokens travel in the clear to this address", advice=_TURN_ON_TLS)
        notify(READY)
        await signals.stop.wait()
        notify(STOPPING)
        if settings.drain_delay:
            log.info("about to stop", seconds=settings.drain_delay)
            node.announce_stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(signals.drain.wait(), settings.drain_delay)
        signals.drain.set()
        await node.stop(settings.drain_grace)


def _reload_hooks(built: Built, settings: Settings, transport: str) -> None:
    """Take the hooks of settings that were read again, all or none: `transport` and apps are as they were."""
    built.hooks.replace(hooks_of(settings, built.trusted.apps.ids, transport=transport))


def _traces_sent(settings: Settings) -> AbstractAsyncContextManager[CallTraces | None]:
    """Trace calls inside the context where that is asked for, and import nothing for it otherwise."""
    if not settings.traces_endpoint:
        return nullcontext()
    from unisono.server.app.traces.sending import traces_sent

    return traces_sent(settings.traces_endpoint, settings.traces_ratio, SystemClock())


def _metrics_served(
    settings: Settings, built: Built, tls: Certificate | None
) -> AbstractAsyncContextManager[object]:
    """Serve metrics inside the context where they are asked for, and import nothing for it otherwise."""
    if not settings.metrics_listen:
        return nullcontext()
    from unisono.server.app.metrics.exporter import metrics_served
    from unisono.server.app.metrics.node_metrics import ServerMetrics
    from unisono.server.store.sqlite.statistics import Statistics

    metrics = ServerMetrics(
        transport=settings.chosen_transport,
        node=built.node.metrics,
        store=built.store.metrics,
        statistics=Statistics(settings.store_file),
        issuers=[
            (one.name, one.keys) for one in built.trusted.issuers if not isinstance(one.keys, FixedKeys)
        ],
        chain=lambda: None if tls is None else tls.pair.chain,
    )
    return metrics_served(settings.metrics_listen, metrics)


_TURN_ON_TLS = (
    "whoever reads one can use it: turn on TLS with --tls-certificate and --tls-key, or let a proxy end TLS, "
    "listen where only that proxy reaches the server, and say --behind-tls-proxy"
)
