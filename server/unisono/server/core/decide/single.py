"""What commands about one row have in common."""

from typing import Self


class Single:
    """A command about one row, which cannot be done in steps; see `core.committer.Item`."""

    __slots__ = ()

    @property
    def rows(self) -> int:
        return 1

    def within(self, rows: int) -> Self:
        return self
