"""Marks parameters of tests that take long: some run each time, all of them with `make mutants`."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


def thorough(items: Iterable[T], *, always: Collection[T], name: Callable[[T], str]) -> list[Any]:
    """Return parameters for a test; those that are not in `always` are left out of `make test`."""
    return [
        pytest.param(item, marks=() if item in always else pytest.mark.thorough, id=name(item))
        for item in items
    ]
