"""What processes and cores have been busy with, as Linux tells it (proc(5)). Seconds and bytes."""

import os
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def processor_time(pid: int) -> float:
    """User and system time of all threads of a process so far, and of its children that have ended."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(ticks) for ticks in after_name[11:15]) / _TICKS


def busy_time(core: int) -> float:
    """How long a core has done anything so far, whoever it was for."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, *interrupts = map(int, ticks[:7])
            return (user + nice + system + sum(interrupts)) / _TICKS
    raise LookupError(f"there is no core {core}")


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def open_files(pid: int) -> int:
    """How many files a process has open; connections are among them."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
