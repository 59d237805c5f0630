"""Whether the files of a store are still those that were opened.

Who deletes or moves them leaves the server with files that nobody finds any more: what it writes to them is
on the disk until it ends, and nowhere afterwards.
"""

import os
from pathlib import Path

from unisono.server.errors import Reason, Unavailable


class Place:
    """The files of a store at `path` as they are now: the database and its log."""

    def __init__(self, path: Path) -> None:
        found = {str(file): _identity(str(file)) for file in (path, path.with_name(f"{path.name}-wal"))}
        #: On a full disk there may be no log yet.
        self._files = {file: identity for file, identity in found.items() if identity is not None}

    def check(self) -> None:
        """Raise `Unavailable` where a file was deleted, or another one is in its place."""
        for file, identity in self._files.items():
            if _identity(file) != identity:
                raise Unavailable(
                    Reason.STORE_UNAVAILABLE, "the file of the store was moved or deleted under the server"
                )


def _identity(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116  each commit asks: a path would take three times as long
    except OSError:
        return None
    return found.st_dev, found.st_ino
