"""Whether a file is a store, seen from its first bytes: without opening it as a database.

https://www.sqlite.org/fileformat2.html#the_database_header
"""

from pathlib import Path
from typing import Final

from unisono.server.store.sqlite.schema import APPLICATION_ID

_MAGIC: Final = b"SQLite format 3\0"
_APPLICATION_ID: Final = slice(68, 72)
_BYTES: Final = 100


def is_closed_store(path: Path) -> bool:
    """Return whether a file, and no link to one, is a store that nothing has open. Raises `OSError`."""
    if path.is_symlink() or not path.is_file() or path.with_name(f"{path.name}-wal").exists():
        return False
    with path.open("rb") as file:
        head = file.read(_BYTES)
    return head.startswith(_MAGIC) and head[_APPLICATION_ID] == APPLICATION_ID.to_bytes(4)
