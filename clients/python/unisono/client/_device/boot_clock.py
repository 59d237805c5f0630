"""The clock that goes on while the machine sleeps, and that nobody can set."""

import time
from typing import Final

#: Linux has CLOCK_BOOTTIME (clock_gettime(2)); on macOS CLOCK_MONOTONIC counts sleep, too (clock_gettime(3)).
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


def boot_time() -> float:
    """Return the seconds since some moment, sleep of the machine included where the system counts it."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
