"""Measures how long the disk itself takes to sync."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

#: A page as of a database, and the number of pages of the file, which does not grow while it is measured.
_PAGE: Final = b"\x5a" * 4096
_PAGES: Final = 256


def sync_time(folder: Path, times: int) -> float:
    """Return the median time, in seconds, of writing one page and `fdatasync` on the disk of a folder."""
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        file.write(_PAGE * _PAGES)
        os.fsync(file.fileno())
        return statistics.median(_synced(file.fileno(), number) for number in range(times))


def _synced(descriptor: int, number: int) -> float:
    began = time.perf_counter()
    os.pwrite(descriptor, _PAGE, number % _PAGES * len(_PAGE))
    os.fdatasync(descriptor)
    return time.perf_counter() - began
