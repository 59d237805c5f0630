"""One server per file: a lock beside it, held for as long as it is open."""

import fcntl
import os
from pathlib import Path

from unisono.server.store.base import StoreError


class FileLock:
    """An exclusive lock on `FILE.lock`, which the system lets go of when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take it, or raise StoreError."""
        lock = path.with_name(path.name + ".lock")
        try:
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"cannot lock {path}: {error.strerror} ({lock}); "
                "the server needs to write to the file and to its folder"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise StoreError(
                f"{path} is in use by another unisono-server; stop that one, or use another file"
            ) from error

    def close(self) -> None:
        """Let go."""
        os.close(self._descriptor)
