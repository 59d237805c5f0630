"""Bounds the checks of signatures for tokens that are refused: of each connection, each address, and all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from unisono.server.clock import Clock
from unisono.server.core.buckets import Buckets
from unisono.server.errors import TooFrequent

BURST: Final = 10.0
"""Seconds of an address's budget that may be taken at once: when keys were rotated, all who share it come."""


def _nowhere(connection: str) -> str | None:
    return None


class SignatureBudget:
    """Bounds how many signatures are checked in vain a second: a check costs more than the rest of a refusal.

    Tokens that are taken do not count: nobody can make them but the issuers, and each is checked once.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        per_connection: int,
        in_all: int,
        per_address: int = 200,
        address_of: Callable[[str], str | None] = _nowhere,
    ) -> None:
        """`address_of` returns whose budget a connection takes besides its own; None for nobody's."""
        self._per_connection: Final = per_connection
        self._per_address: Final = per_address
        self._in_all: Final = in_all
        self._address_of: Final = address_of
        self._of_connection: Buckets[str] = Buckets(clock, per_connection, per_connection)
        self._of_address: Buckets[str] = Buckets(clock, per_address, BURST * per_address)
        self._of_all: Buckets[None] = Buckets(clock, in_all, in_all)
        #: Checks that were in vain, and those that were not made for there had been too many.
        self.spent = 0
        self.refused = 0

    @contextmanager
    def check(self, connection: str) -> Iterator[None]:
        """Count a check until the end of `with`, and for good where it raises.

        Raises `TooFrequent` at its beginning where there were too many.
        """
        address = self._address_of(connection)
        self._take(self._of_connection, connection, self._per_connection, "on this connection")
        if address is not None:
            self._take(self._of_address, address, self._per_address, "from this address")
        self._take(self._of_all, None, self._in_all, "in all")
        try:
            yield
        except Exception:
            self.spent += 1
            raise
        self._of_connection.give_back(connection)
        if address is not None:
            self._of_address.give_back(address)
        self._of_all.give_back(None)

    def _take(self, buckets: Buckets[str] | Buckets[None], key: str | None, limit: int, where: str) -> None:
        wait = buckets.take(key)  # type: ignore[arg-type]
        if wait:
            self.refused += 1
            raise TooFrequent(
                f"more than {limit} access tokens a second that were refused {where}; try again later",
                subject="connection",
                limit=limit,
                retry_delay=wait,
            )
