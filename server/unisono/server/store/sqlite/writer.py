"""The one thread that writes: a commit is one function on it. Knows no statement."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from sqlite3 import Connection
from typing import TypeVar

from unisono.server.store.sqlite.file import File
from unisono.server.store.sqlite.transaction import not_open

T = TypeVar("T")


class Writer:
    """Runs functions on the connection that writes, one after the other."""

    def __init__(self, make: Callable[[], File]) -> None:
        """`make` opens the file; it is called on the thread."""
        self._make = make
        self._file: File | None = None
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "sqlite-writer")

    async def open(self) -> bytes:
        """Open the file, and return the store's epoch."""
        return await self._submit(self._open)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, which goes on when its caller is cancelled."""
        return await self._submit(lambda: work(self._connection()))

    async def close(self) -> None:
        """Finish what has begun, then close the file and end the thread. Idempotent."""
        if self._thread is None:
            return
        closing = self._submit(self._close)
        thread, self._thread = self._thread, None
        try:
            await closing
        finally:
            thread.shutdown(wait=False)

    def _submit(self, work: Callable[[], T]) -> asyncio.Future[T]:
        if self._thread is None:
            raise not_open()
        return asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def _open(self) -> bytes:
        self._file = self._make()
        return self._file.epoch

    def _connection(self) -> Connection:
        if self._file is None:
            raise not_open()
        return self._file.connection

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
