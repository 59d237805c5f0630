"""Our server as an operator starts it, and what a floor needs. Knows no workload."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import cores
from tests.support.processes import NOBODY, TESTERS, ServerProcess, serving


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that serves, and the process that it is."""

    address: str
    pid: int


@contextmanager
def unisono(store: Path, *flags: str) -> Iterator[RunningServer]:
    """Our server: full durability, tokens checked, defaults."""
    with cores.on(cores.SERVER):
        started = serving(store, *flags, env=TESTERS)
        server = started.__enter__()
    try:
        yield RunningServer(server.address, server.pid)
    finally:
        # It need not say goodbye: nothing is kept of it, and nobody here would read what it says.
        server.signal(signal.SIGKILL)
        started.__exit__(None, None, None)


@contextmanager
def empty() -> Iterator[RunningServer]:
    """The empty server."""
    with cores.on(cores.SERVER):
        server = ServerProcess((sys.executable, "-m", "benchmarks.floor"), NOBODY)
    try:
        yield RunningServer(server.address, server.pid)
    finally:
        server.end()


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for files that are measured: on the disk of the clone, where there is one, not in memory."""
    parent = Path(".cache/benchmarks").resolve()
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        yield Path(name)
