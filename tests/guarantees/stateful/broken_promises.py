"""What a history shows to be broken, in words. Knows no machine."""

from unisono.verify.checker import check
from unisono.verify.history import History


def broken_in(history: History) -> str:
    """Each broken promise with its evidence; empty when all were kept."""
    return "\n".join(map(str, check(history).values()))
