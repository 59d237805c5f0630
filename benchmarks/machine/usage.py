"""Processor time, memory and open files of processes, as Linux reports them (proc(5))."""

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """Return user and system time of a process and its ended children so far, in seconds."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(ticks) for ticks in after_name[11:15]) / _TICKS


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
