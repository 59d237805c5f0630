"""Reads the memory of a process, and chooses the cores that it runs on. Linux only (proc(5))."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


@contextmanager
def on_another_core(pid: int) -> Iterator[None]:
    """Keep a process and this thread on different cores, so that neither takes the other's time.

    Has no effect on a machine with one core.
    """
    cores = sorted(os.sched_getaffinity(0))
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores[:1])
    os.sched_setaffinity(0, cores[-1:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
