"""Runs our server as an operator starts it, and the empty server."""

import signal
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.machine import cores
from benchmarks.servers.scraper import OPERATORS, Scraper
from benchmarks.transports import GRPCIO, TRANSPORTS, Transport
from tests.support.processes import NOBODY, ONE_ADDRESS, TESTERS, ServerProcess, serving
from tests.support.server_certificate import ServerCertificate

_METRICS: Final = {"UNISONO_METRICS_LISTEN": "127.0.0.1:0"}

_SCRAPED: Final[ContextVar[bool]] = ContextVar("_SCRAPED", default=False)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that serves: its HOST:PORT, its process id, and how to trust it where it speaks TLS.

    `metrics` is the HOST:PORT of its metrics, empty where it serves none.
    """

    address: str
    pid: int
    tls: ssl.SSLContext | None = None
    metrics: str = ""


@contextmanager
def scraped() -> Iterator[None]:
    """Have all our servers that start inside the `with` block scraped as by an operator's Prometheus."""
    before = _SCRAPED.set(True)
    try:
        yield
    finally:
        _SCRAPED.reset(before)


@contextmanager
def unisono(
    store: Path,
    transport: Transport = GRPCIO,
    certificate: ServerCertificate | None = None,
    *,
    metrics: bool | None = None,
) -> Iterator[RunningServer]:
    """Run our server on a store, with tokens checked and its defaults but for the transport, and kill it.

    All clients are on this machine, and so share one address. Without a certificate it speaks in the clear.
    `metrics` is whether it serves them, to whoever asks; None: only inside `scraped`, which asks.
    """
    tls = certificate.flags if certificate else ()
    asked = metrics is None and _SCRAPED.get()
    settings = _METRICS if metrics or asked else {}
    with cores.on(cores.SERVER):
        started = serving(store, *tls, env={**TESTERS, **ONE_ADDRESS, **transport.settings, **settings})
        server = started.__enter__()
    try:
        running = RunningServer(
            server.address,
            server.pid,
            certificate.trust() if certificate else None,
            server.until("serving metrics")["address"] if settings else "",
        )
        with ExitStack() as beside:
            if asked:
                scraper = beside.enter_context(closing(Scraper(running.metrics, OPERATORS)))
                beside.enter_context(scraper.at_work())
            yield running
    finally:
        # It need not drain: its store is thrown away, and no client here reads a Goodbye.
        server.signal(signal.SIGKILL)
        started.__exit__(None, None, None)


@contextmanager
def on_each_transport(
    place: Path, transports: Sequence[Transport] = TRANSPORTS, *, metrics: bool | None = None
) -> Iterator[Mapping[str, RunningServer]]:
    """Run our server once on each transport, with stores of their own in a folder, and yield all by name."""
    with ExitStack() as servers:
        yield {
            one.name: servers.enter_context(unisono(place / f"{one.name}.db", one, metrics=metrics))
            for one in transports
        }


@contextmanager
def empty(certificate: ServerCertificate | None = None) -> Iterator[RunningServer]:
    """Run the empty server, without a certificate in the clear."""
    files = (str(certificate.certificate), str(certificate.key)) if certificate else ()
    with cores.on(cores.SERVER):
        server = ServerProcess((sys.executable, "-m", "benchmarks.floor", *files), NOBODY)
    try:
        yield RunningServer(server.address, server.pid, certificate.trust() if certificate else None)
    finally:
        server.end()


@contextmanager
def folder() -> Iterator[Path]:
    """Make a temporary folder for stores: on the disk of the clone, as /tmp may be in memory."""
    parent = Path(".cache/benchmarks").resolve()
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name)
