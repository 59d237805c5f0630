"""What commands have in common that are about one row. Knows none of them."""

from typing import Self


class Single:
    """About one row, and not to be done in steps; see `core.committer.Item`."""

    __slots__ = ()

    @property
    def rows(self) -> int:
        return 1

    def within(self, rows: int) -> Self:
        return self
