"""What the files of a store say, without the space that their pages do not use.

SQLite overwrites what is deleted. But when it spreads the rows of a page over others, a copy of one that has
moved may stay in the space that is unused then: `docs/storage.md` tells operators, and no query ever sees it.
The format is that of https://www.sqlite.org/fileformat2.html.
"""

import struct
from collections.abc import Iterator
from typing import Final

#: Pages of trees by their first byte, and how long the header of each is.
_HEADERS: Final = {2: 12, 5: 12, 10: 8, 13: 8}

_FILE_HEADER: Final = 100
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24


def in_use(name: str, data: bytes) -> bytes:
    """Return the bytes of a file of this name without what its pages do not use."""
    if name.endswith(".db") and data:
        (size,) = struct.unpack_from(">H", data, 16)
        return b"".join(_used(page, _FILE_HEADER * (not at)) for at, page in _pages(data, 0, size, 0))
    if name.endswith("-wal") and data:
        (size,) = struct.unpack_from(">I", data, 8)
        frames = _pages(data, _LOG_HEADER, size, _FRAME_HEADER)
        return b"".join(_used(page, _FILE_HEADER * page.startswith(b"SQLite format 3")) for _, page in frames)
    return data


def _pages(data: bytes, at: int, size: int, before: int) -> Iterator[tuple[int, bytes]]:
    """Return where pages begin, and what they are; `before` bytes stand before each."""
    while at + before + size <= len(data):
        yield at, data[at + before : at + before + size]
        at += before + size


def _used(page: bytes, header: int) -> bytes:
    length = _HEADERS.get(page[header])
    if length is None:
        return page
    cells, content = struct.unpack_from(">HH", page, header + 3)
    return page[: header + length + 2 * cells] + page[content:]
