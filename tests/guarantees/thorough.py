"""Marks parameters of tests that take long: some run each time, or in turn, all of them with `make mutants`.

The variable `TURN`, a number, says whose turn it is; without, it is another one each day.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def in_turn(items: Sequence[T], *, turns: int) -> Sequence[T]:
    """Return those of the items whose turn it is: after so many turns, each has been there once."""
    return items[int(os.environ["TURN"]) % turns :: turns]


def thorough(items: Iterable[T], *, always: Collection[T], name: Callable[[T], str]) -> list[Any]:
    """Return parameters for a test; those that are not in `always` are left out of `make test`."""
    return [
        pytest.param(item, marks=() if item in always else pytest.mark.thorough, id=name(item))
        for item in items
    ]
