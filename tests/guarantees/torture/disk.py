"""Injects faults into the disk of a running server."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from subprocess import DEVNULL
from typing import Final

from tests.support.processes import TIMEOUT

#: Results of system calls that strace injects: for writes and syncs of the server's database and its log.
FAULTS: Final = {
    "full": "pwrite64,ftruncate:error=ENOSPC",
    "read-only": "pwrite64,ftruncate:error=EROFS",
    "failing": "fdatasync:error=EIO",
    "slow": "fdatasync:delay_exit=150000",
}


@asynccontextmanager
async def fault(name: str, store: Path, pid: int) -> AsyncIterator[None]:
    """Inject a fault of `FAULTS` for the process inside the context, or "locked": another has a lock."""
    inside = locked(store) if name == "locked" else injected(FAULTS[name], store, pid)
    async with inside:
        yield


@asynccontextmanager
async def injected(what: str, store: Path, pid: int) -> AsyncIterator[None]:
    """Have system calls on the files of the store end as `what` says, inside the context."""
    calls = what.partition(":")[0]
    paths = [part for suffix in ("", "-wal", "-shm") for part in ("-P", f"{store}{suffix}")]
    inject = ("-e", f"trace={calls}", "-e", f"inject={what}")
    command = ("strace", "-f", "-qq", "-o", "/dev/null", *paths, *inject, "-p", str(pid))
    tracer = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL)
    try:
        await attached(pid, tracer)
        yield
    finally:
        tracer.terminate()
        await tracer.wait()


async def attached(pid: int, tracer: asyncio.subprocess.Process) -> None:
    """Wait until every thread of the process is traced."""
    async with asyncio.timeout(TIMEOUT):
        while not _is_traced(pid):
            assert tracer.returncode is None, "strace could not trace the server"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def locked(store: Path) -> AsyncIterator[None]:
    """Hold a write transaction on the database inside the context, as another process would."""
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 60000")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _is_traced(pid: int) -> bool:
    """Return whether all threads of the process are traced (proc(5): TracerPid in status)."""
    states = [status.read_text() for status in Path(f"/proc/{pid}/task").glob("*/status")]
    return all("\nTracerPid:\t0\n" not in state for state in states)
