"""One server per file: a lock file beside the store's, locked for as long as the store is open."""

import fcntl
import os
from pathlib import Path

from unisono.server.store.base import StoreError


class FileLock:
    """An exclusive lock on `FILE.lock`, which the system releases when the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises `StoreError` when another process has it, `OSError` on other failures."""
        beside = path.with_name(f"{path.name}.lock")
        self._descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise StoreError(
                f"{path} is in use by another unisono-server; stop that one, or use another file"
            ) from error

    def close(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)
