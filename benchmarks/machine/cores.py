"""Puts servers on one core and the generator on another, so that neither takes the other's time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ALL: Final = sorted(os.sched_getaffinity(0))
SERVER: Final = _ALL[0]
GENERATOR: Final = _ALL[-1]


@contextmanager
def on(core: int) -> Iterator[None]:
    """Run this thread, and what it starts inside the `with` block, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def enough() -> bool:
    """Return whether there are two cores."""
    return SERVER != GENERATOR
