"""Runs our server as an operator starts it, and the empty server."""

import signal
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import cores
from benchmarks.transports import GRPCIO, TRANSPORTS, Transport
from tests.support.processes import NOBODY, ONE_ADDRESS, TESTERS, ServerProcess, serving
from tests.support.server_certificate import ServerCertificate


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that serves: its HOST:PORT, its process id, and how to trust it where it speaks TLS."""

    address: str
    pid: int
    tls: ssl.SSLContext | None = None


@contextmanager
def unisono(
    store: Path, transport: Transport = GRPCIO, certificate: ServerCertificate | None = None
) -> Iterator[RunningServer]:
    """Run our server on a store, with tokens checked and its defaults but for the transport, and kill it.

    All clients are on this machine, and so share one address. Without a certificate it speaks in the clear.
    """
    tls = certificate.flags if certificate else ()
    with cores.on(cores.SERVER):
        started = serving(store, *tls, env={**TESTERS, **ONE_ADDRESS, **transport.settings})
        server = started.__enter__()
    try:
        yield RunningServer(server.address, server.pid, certificate.trust() if certificate else None)
    finally:
        # It need not drain: its store is thrown away, and no client here reads a Goodbye.
        server.signal(signal.SIGKILL)
        started.__exit__(None, None, None)


@contextmanager
def on_each_transport(
    place: Path, transports: Sequence[Transport] = TRANSPORTS
) -> Iterator[Mapping[str, RunningServer]]:
    """Run our server once on each transport, with stores of their own in a folder, and yield all by name."""
    with ExitStack() as servers:
        yield {
            transport.name: servers.enter_context(unisono(place / f"{transport.name}.db", transport))
            for transport in transports
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
