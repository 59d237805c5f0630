"""Lists that are requested page by page, up to as many rows as were asked for."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, TypeVar

from unisono.client.cli.failures import Failure

Row = TypeVar("Row")

#: The largest page of the service, if the operator did not choose otherwise.
PAGE: Final = 500


def page_size(limit: int) -> int:
    """Return how many rows to request at a time for a list of `limit` and one more; 0: all."""
    return min(limit + 1, PAGE) if limit else PAGE


async def collect(rows: AsyncGenerator[Row, None], limit: int, *, most: int, part: str) -> list[Row]:
    """Return the first rows: `limit` of them and one more, if there is one; all with 0.

    Raises `Failure` when there are more than `most`, which says how to list a `part`; and what `rows` raises.
    """
    found: list[Row] = []
    async with aclosing(rows):
        async for row in rows:
            found.append(row)
            if limit and len(found) > limit:
                break
            if len(found) > most:
                raise Failure(f"there are more than {most:,}", f"list a part: {part}")
    return found
