"""An event loop in a thread of its own, for callers that have none."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")
Row = TypeVar("Row")


class LoopThread:
    """Runs coroutines for any thread of this process, until it is closed.

    After that, or in another process after a fork, what should run raises `RuntimeError`.
    """

    def __init__(self, name: str, end: Callable[[], Awaitable[None]]) -> None:
        """Start the thread. `end` is awaited on it when it is closed, before what still runs is cancelled."""
        self._end = end
        self._process = os.getpid()
        self._closed = False
        self._submitting = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine returns. When an exception interrupts the caller, it is cancelled."""
        running = self._submit(work)
        try:
            return running.result()
        except CancelledError:
            raise RuntimeError("this publisher was closed meanwhile") from None
        except BaseException:
            running.cancel()
            raise

    def iterate(self, rows: AsyncGenerator[Row, None]) -> Iterator[Row]:
        """Iterate over what an asynchronous generator yields. None ends it."""
        try:
            while True:
                row = self.run(anext(rows, None))
                if row is None:
                    return
                yield row
        finally:
            with suppress(RuntimeError):  # it may be closed meanwhile
                self.run(rows.aclose())

    def close(self) -> None:
        """End the thread, with all that runs on it. May be called twice; after a fork it does nothing."""
        try:
            ending = self._submit(self._stop(), last=True)
        except RuntimeError:  # it is closed already, or another process's to close
            return
        ending.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _submit(self, work: Coroutine[Any, Any, Result], *, last: bool = False) -> Future[Result]:
        """Start work on the thread; with `last`, nothing can be started after it."""
        if os.getpid() != self._process:
            work.close()
            raise RuntimeError("this publisher was made before a fork; make one after it")
        with self._submitting:
            if self._closed:
                work.close()
                raise RuntimeError("this publisher is closed")
            self._closed = last
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _stop(self) -> None:
        """Let the end come, and cancel what still waits."""
        await self._end()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_asyncgens()
