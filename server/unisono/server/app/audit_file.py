"""The file of the audit log: one JSON object a line, written in the background.

No call waits for it, and none fails when it cannot be written. Knows nothing of what the records say.
"""

import asyncio
import errno
import json
import os
import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Final

import structlog

from unisono.server.api.audit import Record
from unisono.server.clock import Clock
from unisono.server.config.secret_files import accessible_to_all_users
from unisono.server.failure_log import FailureLog

log = structlog.get_logger(__name__)

#: Bytes of lines that may wait to be written, some 3,000 lines; further records are lost until there is room.
MAX_WAITING: Final = 1024 * 1024

#: Seconds in which lines come together before they are written, and until a write that failed is repeated.
_LINGER: Final = 0.05
_RETRY: Final = 1.0

#: Seconds that the end of the server waits for the last lines.
_LAST: Final = 5.0

#: Never waits, as for the reader of a pipe, and never becomes the terminal of the process.
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@asynccontextmanager
async def audit_file(path: Path | None, clock: Clock) -> AsyncIterator["AuditFile | None"]:
    """Hold the file open inside the context; None without a path. Raises `OSError` as `AuditFile`."""
    if path is None:
        yield None
        return
    file = AuditFile(path, clock)
    try:
        yield file
    finally:
        await file.close()


class AuditFile:
    """A file that records are appended to, on the event loop. It is made for its owner alone if missing.

    What cannot be written waits, up to `MAX_WAITING` bytes. Then records are lost and counted: the log says
    once a minute how many, and so does a record as soon as there is room again.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises `OSError` when the file cannot be opened."""
        self._path = path
        self._clock = clock
        self._file = _open(path)
        self._waiting = bytearray()
        self._lost = 0
        #: The file whose last line is not whole yet.
        self._torn: FileIO | None = None
        self._writer = ThreadPoolExecutor(1, "audit log")
        self._writing: asyncio.Task[None] | None = None
        self._failures = FailureLog("the audit log could not be written")

    def append(self, record: Record) -> None:
        """Have a record written, with the time before it and without its empty fields."""
        line = self._line(record)
        if len(self._waiting) + len(line) > MAX_WAITING:
            self._lost += 1
            return
        self._waiting += line
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon(), name="audit log")

    def reopen(self) -> None:
        """Go on in a new file, made if missing, as after the old one was renamed.

        Raises `OSError` when it cannot be opened; then the old one goes on.
        """
        old, self._file = self._file, _open(self._path)
        # In turn, so after a write that is under way.
        self._writer.submit(old.close)

    async def flush(self) -> None:
        """Wait until all that was recorded is written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def close(self) -> None:
        """Write what waits, for five seconds at most, and close the file."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST):
                await self.flush()
        if self._writing is not None:
            self._writing.cancel()
        self._lost += self._waiting.count(b"\n")
        if self._lost:
            log.warning("audit records were lost", count=self._lost)
        self._writer.submit(self._file.close)
        self._writer.shutdown(wait=False)

    async def _write_soon(self) -> None:
        await asyncio.sleep(_LINGER)
        while self._waiting:
            try:
                await self._write()
            except OSError as error:
                self._failures.add(f"{self._lost} records were lost so far", error)
                await asyncio.sleep(_RETRY)

    async def _write(self) -> None:
        """Write what waits, as much as there is room for."""
        if self._torn not in (None, self._file):
            self._drop_rest_of_line()
        file, lines = self._file, bytes(self._waiting)
        written = await asyncio.get_running_loop().run_in_executor(self._writer, _write_some, file, lines)
        del self._waiting[:written]
        self._torn = file if written and not lines[:written].endswith(b"\n") else None
        if self._lost and not self._waiting:
            log.warning("audit records were lost", count=self._lost)
            self._waiting += self._line({"event": "records lost", "count": self._lost})
            self._lost = 0

    def _drop_rest_of_line(self) -> None:
        """Drop what is left of a line that began in another file."""
        self._torn = None
        self._lost += 1
        del self._waiting[: self._waiting.index(b"\n") + 1]

    def _line(self, record: Record) -> bytes:
        time = datetime.fromtimestamp(self._clock.now() / 1000, UTC).isoformat(timespec="milliseconds")
        told = {name: value for name, value in record.items() if value != ""}
        return json.dumps({"time": time.replace("+00:00", "Z"), **told}).encode() + b"\n"


def _open(path: Path) -> FileIO:
    """Open a file to append to, and take it from all users of the machine who are not of its group."""
    file = FileIO(path, "a", opener=lambda name, _: os.open(name, _FLAGS, 0o600))
    try:
        mode = os.fstat(file.fileno()).st_mode
        if accessible_to_all_users(mode):
            os.fchmod(file.fileno(), stat.S_IMODE(mode) & ~stat.S_IRWXO)
    except OSError:
        file.close()
        raise
    return file


def _write_some(file: FileIO, lines: bytes) -> int:
    """Write as much as there is room for, and return how many bytes that was."""
    written = file.write(lines)
    if written is None:
        raise BlockingIOError(errno.EAGAIN, "its reader takes no more")
    return written
