"""That lists end, whatever a server says: each page token leads on, and not to empty pages for ever."""

from hashlib import blake2b
from typing import Final

from unisono.client._errors import InternalError

#: A page is empty where none of the rows that were read for it passed the filter. The service reads 1,000 for
#: a page, and a feed holds 1,000,000 at most: ten times what that makes.
MAX_EMPTY_PAGES: Final = 10_000


class PageTokens:
    """The page tokens of one list. Only an empty one ends it: a page may be short, or empty, before that."""

    def __init__(self) -> None:
        # What a server sends may be large; and it is to be known again, not kept.
        self._used: set[bytes] = set()
        self._empty = 0

    def follow(self, page_token: str, rows: int) -> None:
        """Go on after a page of so many rows. Raises `InternalError` where that would never end."""
        self._empty = 0 if rows else self._empty + 1
        if self._empty > MAX_EMPTY_PAGES:
            raise InternalError(f"the server gave {self._empty:,} empty pages in a row: no list is such")
        digest = blake2b(page_token.encode(), digest_size=16).digest()
        if digest in self._used:
            raise InternalError("the server gave the same page token twice: the list would not end")
        self._used.add(digest)
