"""A real file system of a few MiB that fills up: a tmpfs in a mount namespace, which nothing else can see."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import pytest

#: Mounts the file system, says so, and keeps the namespace alive until its input ends.
_HOLDER: Final = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat'

_MIB: Final = 1024 * 1024


class SmallDisk:
    """A file system at `folder`, for processes that are run `under` a command."""

    def __init__(self, folder: Path, holder: int) -> None:
        self.folder = folder
        #: The way there for others.
        self._inside = Path(f"/proc/{holder}/root{folder}")
        enter = ("nsenter", "--target", str(holder), "--user", "--mount", "--preserve-credentials")
        self.under = (*enter, f"--wd={Path.cwd()}", "--")

    def fill(self, *, leave: int = 0) -> None:
        """Write to a file of its own until nothing more fits, but for `leave` bytes."""
        with (self._inside / "filler").open("ab", buffering=0) as filler:
            while _written(filler.fileno(), _MIB) or _written(filler.fileno(), 4096):
                pass
            filler.truncate(filler.tell() - leave)

    def free(self) -> None:
        """Make room again."""
        (self._inside / "filler").unlink()


@contextmanager
def small_disk(folder: Path, *, size: int) -> Iterator[SmallDisk]:
    """Mount a file system of `size` MiB at `folder`; skips the test where the machine does not allow it."""
    if not _allowed():
        pytest.skip("file systems cannot be mounted in a namespace here")
    folder.mkdir()
    command = ("unshare", "-Urm", "sh", "-c", _HOLDER, "sh", f"{size}m", str(folder))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mounted\n"
        yield SmallDisk(folder, holder.pid)


@cache
def _allowed() -> bool:
    if not (shutil.which("unshare") and shutil.which("nsenter")):
        return False
    command = ("unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
    return subprocess.run(command, capture_output=True).returncode == 0


def _written(file: int, size: int) -> int:
    """Write up to `size` zeros, and return how many fit."""
    try:
        return os.write(file, bytes(size))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return 0
