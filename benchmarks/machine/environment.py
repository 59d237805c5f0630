"""Describes the machine and the versions that a result was measured with."""

import os
import platform
import sqlite3
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

_LIBRARIES: Final = ("grpcio", "uvloop", "protobuf", "aiosqlite", "pyjwt")


def machine() -> dict[str, str]:
    """Return processor, cores, memory and kernel, without the name of the host."""
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "kernel": platform.release().split("-")[0],
    }


def versions() -> dict[str, str]:
    """Return the versions of the server, of Python, of SQLite and of libraries, by name."""
    return {
        "unisono-server": metadata.version("unisono-server"),
        "python": _python(),
        "sqlite": sqlite3.sqlite_version,
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def _python() -> str:
    """Return the version and origin of Python: how it was compiled makes up to a third of its speed."""
    version = platform.python_version()
    if sys.base_prefix == "/usr":
        return f"{version} of {platform.freedesktop_os_release()['NAME']}"
    return f"{version}, not the system's"


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
