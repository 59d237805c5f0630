"""Forks: what gRPC holds at one belongs to the parent, and a child must neither use nor destroy it.

gRPC's threads and locks stay behind in the parent: in a child, to call, cancel, close or collect what was
open crashes, or never returns. So connections without calls are closed before a fork, and the next call opens
others. What is open all the same, such as a stream, a child keeps untouched for ever, and makes no calls.
"""

import asyncio
import ctypes
import logging
import os
import threading
import time
from collections.abc import Coroutine
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Final, Protocol
from weakref import WeakSet

from unisono.client import _fork_support

#: The thread that gRPC has while there is anything of `grpc.aio`, also what others than the SDK made.
_POLLER: Final = "(_poll_wrapper)"
#: How the names of gRPC's own threads begin, and where Linux has the names of all.
_NATIVE: Final = ("event_engine", "grpc_")
_THREADS: Final = Path("/proc/self/task")
#: For how many seconds a fork waits for an event loop that is busy.
_PATIENCE: Final = 5.0
#: For how many seconds it waits for gRPC's threads to end, which takes a millisecond or two.
_END: Final = 1.0

_log = logging.getLogger("unisono.client")


class ForkAware(Protocol):
    """What lets go of its connections around a fork. Neither method may raise."""

    def before_fork(self) -> bool:
        """Close connections that are not in use, and return whether none is left.

        Called on the thread that is about to fork.
        """
        ...

    def after_fork(self) -> None:
        """Forget what is the parent's, and touch none of it. Called in the child, before it does anything."""
        ...


class _Forks:
    """What this process has of gRPC, and whether it may have any."""

    def __init__(self) -> None:
        self.aware: WeakSet[ForkAware] = WeakSet()
        #: Channels and calls, and the event loops they are on.
        self.owned: WeakSet[object] = WeakSet()
        self.loops: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
        #: Held while something is added to these, and while the process forks: no channel comes up then.
        self.opening = threading.RLock()
        #: Whether a channel was made since the last fork.
        self.opened = False
        self.usable = True
        self._warned = False
        self._left_behind: list[object] = []
        self._usable_in_child = True

    def before(self) -> None:
        with self.opening:
            aware = tuple(self.aware)
        released = [one.before_fork() for one in aware]
        self.opening.acquire()
        self._usable_in_child = self.usable and self._is_quiet(_END if all(released) and self.opened else 0)
        # What does not end is not the SDK's: it is waited for once.
        self.opened = bool(self.owned)
        if self.owned and _fork_support.ENABLED:
            self._warn()
        loops = tuple(self.loops)
        self._left_behind = [
            *self.owned,
            *loops,
            *(task for loop in loops for task in asyncio.all_tasks(loop)),
        ]

    def _is_quiet(self, patience: float) -> bool:
        """Return whether gRPC has ended all its threads, which it does soon after the last channel."""
        until = time.monotonic() + patience
        while self.owned or _has_threads():
            if time.monotonic() >= until:
                return False
            time.sleep(0.001)
        return True

    def _warn(self) -> None:
        if not self._warned:
            _log.warning(
                "a fork while gRPC is in use may crash the child: set %s=0 in the environment, or import "
                "unisono.client before grpc",
                _fork_support.VARIABLE,
            )
        self._warned = True

    def in_parent(self) -> None:
        self._left_behind = []
        self.opening.release()

    def in_child(self) -> None:
        self.usable, self.opening = self._usable_in_child, threading.RLock()
        # Nothing that belongs to the parent is ever collected, not even when the interpreter ends.
        for one in self._left_behind:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(one))
        self._left_behind = []
        self.owned.clear()
        self.loops.clear()
        for aware in tuple(self.aware):
            aware.after_fork()


_forks: Final = _Forks()

if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(
        before=_forks.before, after_in_parent=_forks.in_parent, after_in_child=_forks.in_child
    )


def watch(one: ForkAware) -> None:
    """Tell an object of each fork, for as long as it lives."""
    with _forks.opening:
        _forks.aware.add(one)


def own(one: object) -> None:
    """Remember a channel or call of gRPC, for as long as it lives: no child may touch it."""
    with _forks.opening:
        _forks.owned.add(one)
        _forks.opened = True


def own_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Remember an event loop, for as long as it lives: a child that closed it would stop the parent's."""
    with _forks.opening:
        _forks.loops.add(loop)


def opening() -> AbstractContextManager[object]:
    """Return the lock to hold while a channel is made, so that none comes up while the process forks."""
    return _forks.opening


def check() -> None:
    """Raise `RuntimeError` in a process that was forked while gRPC was in use, and can use none of it."""
    if not _forks.usable:
        raise RuntimeError(
            "this process was forked while gRPC was in use, and cannot use it: before a fork, close devices "
            "and publishers, or make them after it; or start processes with multiprocessing's 'spawn'"
        )


def finish_elsewhere(work: Coroutine[Any, Any, bool], loop: asyncio.AbstractEventLoop | None) -> bool:
    """Run a coroutine to its end on an event loop that runs in another thread, and return what it does.

    False where it does not run there, or has no time.
    """
    with suppress(RuntimeError):
        if asyncio.get_running_loop() is loop:
            loop = None
    if loop is None or not loop.is_running():
        work.close()
        return False
    try:
        return asyncio.run_coroutine_threadsafe(work, loop).result(_PATIENCE)
    except Exception:
        return False


def _has_threads() -> bool:
    """Return whether gRPC has any threads, Python's or its own."""
    if any(thread.name.endswith(_POLLER) for thread in threading.enumerate()):
        return True
    for name in _THREADS.glob("*/comm"):
        with suppress(OSError):  # it has ended meanwhile
            if name.read_text().startswith(_NATIVE):
                return True
    return False
