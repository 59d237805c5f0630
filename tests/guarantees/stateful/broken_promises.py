"""Formats the promises that a history shows to be broken."""

from unisono.verify.checker import check
from unisono.verify.history import History


def broken_in(history: History) -> str:
    """Return each broken promise with its evidence; empty if none is broken."""
    return "\n".join(map(str, check(history).values()))
