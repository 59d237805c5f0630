"""Makes sure that lists end, whatever a server sends."""

from hashlib import blake2b
from typing import Final

from unisono.client._errors import InternalError

#: A page is empty where none of the rows that were read for it passed the filter. The service reads 1,000 for
#: a page, and a feed holds 1,000,000 at most: ten times what that makes.
MAX_EMPTY_PAGES: Final = 10_000


class PageTokens:
    """The page tokens of one list, each of which must be new, with a bound on empty pages in a row.

    Only an empty token ends a list: a page may be short, or empty, before that (ListNotificationsRequest).
    """

    def __init__(self) -> None:
        # Digests: a token may be large, and has only to be recognised.
        self._used: set[bytes] = set()
        self._empty = 0

    def follow(self, page_token: str, rows: int) -> None:
        """Record the token of a page with so many rows. Raises `InternalError` if the list would not end."""
        self._empty = 0 if rows else self._empty + 1
        if self._empty > MAX_EMPTY_PAGES:
            raise InternalError(f"the server gave {self._empty:,} empty pages in a row: no list is such")
        digest = blake2b(page_token.encode(), digest_size=16).digest()
        if digest in self._used:
            raise InternalError("the server gave the same page token twice: the list would not end")
        self._used.add(digest)
