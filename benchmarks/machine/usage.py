"""Processor time, memory and open files of processes, as Linux reports them."""

import os
import time
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


#: The clock of what all threads of a process took, among the clocks of a process (clock_getcpuclockid(3)).
_SCHEDULED: Final = 2


def processor_time(pid: int) -> float:
    """Return user and system time of a process so far, in seconds: what `/proc` has in ticks, but exactly."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def busy_time(core: int) -> float:
    """Return how many seconds a core has been busy so far. Raises LookupError where there is no such core."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, *interrupts = map(int, ticks[:7])
            return (user + nice + system + sum(interrupts)) / _TICKS
    raise LookupError(f"there is no core {core}")


def resident(pid: int) -> int:
    """Return the resident memory of a process, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def open_files(pid: int) -> int:
    """Return how many files a process has open, connections included."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
