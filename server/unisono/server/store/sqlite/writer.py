"""The one thread that writes to the file: a commit is one function on it."""

from collections.abc import Callable, Mapping, Sequence
from sqlite3 import Connection
from typing import NamedTuple, TypeVar

from unisono.server.errors import Unavailable
from unisono.server.failure_log import FailureLog
from unisono.server.store.metrics import StoreMetrics
from unisono.server.store.sqlite.file import File
from unisono.server.store.sqlite.transaction import not_open, translated
from unisono.server.store.sqlite.worker import Worker

T = TypeVar("T")


class Constants(NamedTuple):
    """What a file has that stays as it is while it is open; see the properties of `Store`."""

    epoch: bytes = b""
    bar_key: bytes = b""
    prefixes: Mapping[str, Sequence[str]] = {}


class Writer:
    """Runs functions on the connection that writes, one after the other."""

    def __init__(self, make: Callable[[], File], metrics: StoreMetrics) -> None:
        """Prepare a writer. `make` opens the file; it is called on the writer's thread."""
        self._make = make
        self._metrics = metrics
        self._file: File | None = None
        self._worker = Worker("sqlite-writer")
        self._closed = False
        self._failures = FailureLog("the store could not be written")

    async def open(self) -> Constants:
        """Open the file, and return what stays as it is.

        Raises `StoreError` when the file cannot be used, and `Unavailable` after `close`.
        """
        self._check()
        return await self._worker.submit(self._open)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Call `work` with the connection, on the writer's thread, and return the result.

        It is done even if the caller is cancelled. Raises `Unavailable` before `open` and after `close`.
        """
        self._check()
        try:
            return await self._worker.submit(lambda: work(self._connection()))
        except Unavailable as error:
            self._metrics.failures[error.reason] += 1
            self._failures.add(error.reason, error.__cause__ or error)
            raise

    async def close(self) -> None:
        """Finish what has begun, then close the file and end the thread. Idempotent."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._worker.submit(self._close)
        finally:
            self._worker.finish()

    def _check(self) -> None:
        if self._closed:
            raise not_open()

    def _open(self) -> Constants:
        self._file = file = self._make()
        return Constants(file.epoch, file.bar_key, file.prefixes)

    def _connection(self) -> Connection:
        if self._file is None:
            raise not_open()
        with translated():
            return self._file.writable()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
