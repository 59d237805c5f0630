"""An event loop in a thread of its own, and a client of the service on it, for callers that have no loop."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

from unisono.client._errors import UnisonoError
from unisono.client._wire import forks

Result = TypeVar("Result")
Row = TypeVar("Row")


class Closable(Protocol):
    """A client of the service."""

    async def close(self) -> None:
        """Release all that it has."""
        ...


Client = TypeVar("Client", bound=Closable)


class Closed(RuntimeError):
    """The client was closed: nothing runs any more."""


class _Running:
    """An event loop that runs in a thread."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        forks.own_loop(self.loop)
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether this is called on the thread itself."""
        return threading.current_thread() is self._thread

    def end(self) -> None:
        """Let it end, and wait for that."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.join()
        self.loop.close()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()


class _Step(Generic[Result]):
    """A coroutine that a thread waits for. It can be cancelled even if nobody knows that it was submitted."""

    def __init__(self, work: Coroutine[Any, Any, Result]) -> None:
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    async def run(self) -> Result:
        """Return what the coroutine returns."""
        if self._cancelled:
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        try:
            return await self._work
        finally:
            # A task that has failed holds what it raised, whose traceback holds this.
            self._task = None

    def cancel(self) -> None:
        """Cancel it, on the thread of its loop."""
        self._cancelled = True
        if self._task is None:
            self._work.close()
        else:
            self._task.cancel()


class LoopThread(Generic[Client]):
    """Runs coroutines of a client for any thread of this process, until it is closed.

    The thread starts with the first. What should run after `close` raises `Closed`. A forked child has a
    client and a thread of its own, made when it asks for them, unless the parent's was closed or pinned.
    """

    def __init__(self, kind: str, make: Callable[[], Client]) -> None:
        """Make the client. `kind` is what errors call it, such as "publisher"."""
        self._kind = kind
        self._make = make
        self._client: Client | None = make()
        self._pinned = self._orphaned = False
        self.closed = False
        self._begin()
        forks.watch(self)

    @property
    def client(self) -> Client:
        """The client of this process. Raises `RuntimeError` where it is pinned to the parent."""
        if self._orphaned:
            raise RuntimeError(
                f"this {self._kind} was opened before a fork, by the parent: make one after it"
            )
        with self._submitting:
            if self._client is None:
                self._client = self._make()
            return self._client

    def pin(self) -> None:
        """Have the client belong to this process alone: what it holds by now, a child cannot make anew."""
        self._pinned = True

    def look(self, at: Callable[[Client], Result]) -> Result:
        """Return what a function sees of the client: on the thread, so that nothing changes meanwhile."""

        async def looking(client: Client) -> Result:
            return at(client)

        running = self._running
        if running is not None and not running.is_current:
            with suppress(Closed):
                return self.run(looking(self.client))
            running.join()
        return at(self.client)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine returns. When an exception interrupts the caller, it is cancelled.

        Raises `RuntimeError` on the thread itself, which would wait for itself.
        """
        step = _Step(work)
        try:
            return self._submit(step).result()
        except CancelledError:
            raise Closed(f"this {self._kind} was closed meanwhile") from None
        except UnisonoError as error:
            # Whoever keeps it must not keep the dead call, and its connection, with it.
            error.__context__ = None
            raise error.with_traceback(None) from error.__cause__
        except BaseException:
            self._cancel(step)
            raise
        finally:
            del step  # it does so, too

    def iterate(self, rows: AsyncGenerator[Row, None]) -> Iterator[Row]:
        """Iterate over what an asynchronous generator yields. None ends it."""
        process = os.getpid()
        try:
            while True:
                if os.getpid() != process:
                    raise RuntimeError("this was begun before a fork, by the parent; begin it anew")
                row = self.run(anext(rows, None))
                if row is None:
                    return
                yield row
        finally:
            if os.getpid() == process:
                # Not waited for: it may be closed meanwhile, and the thread gone where the program ends.
                with suppress(RuntimeError):
                    self._submit(_Step(rows.aclose()))

    def close(self) -> None:
        """Close the client, and end the thread with all that runs on it. May be called twice."""
        with self._submitting:
            if self.closed or self._client is None:
                self.closed = True
                return
            client, running = self._client, self._start()
            self._check_elsewhere(running)
            self.closed = True
        try:
            asyncio.run_coroutine_threadsafe(self._stop(client), running.loop).result()
        finally:
            running.end()

    def before_fork(self) -> bool:
        """Return True: the client's connections are told of the fork themselves."""
        return True

    def after_fork(self) -> None:
        """Forget the client and the thread, which are the parent's."""
        self._orphaned = self._orphaned or self._pinned
        self._client = None
        self._begin()

    def _begin(self) -> None:
        # A generator of `iterate` may be collected, and end, while it is held.
        self._submitting = threading.RLock()
        self._running: _Running | None = None

    def _submit(self, step: _Step[Result]) -> Future[Result]:
        try:
            with self._submitting:
                if self.closed:
                    raise Closed(f"this {self._kind} is closed")
                running = self._start()
                self._check_elsewhere(running)
                return asyncio.run_coroutine_threadsafe(step.run(), running.loop)
        except RuntimeError:
            step.cancel()
            raise

    def _cancel(self, step: _Step[Any]) -> None:
        running = self._running
        if running is not None:
            # It is closed where that interrupted the caller, and all that ran on it with it.
            with suppress(RuntimeError):
                running.loop.call_soon_threadsafe(step.cancel)

    def _check_elsewhere(self, running: _Running) -> None:
        if running.is_current:
            raise RuntimeError(f"a call of this {self._kind} on its own thread would wait for itself")

    def _start(self) -> _Running:
        if self._running is None:
            self._running = _Running(f"unisono-{self._kind}")
        return self._running

    async def _stop(self, client: Client) -> None:
        """Let the end come, and cancel what still waits."""
        try:
            await client.close()
        finally:
            running = asyncio.all_tasks() - {asyncio.current_task()}
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.get_running_loop().shutdown_asyncgens()
