"""Estimates how far the clocks of servers and clients may be apart, for judging what expires."""

from typing import Final

from unisono.verify.history import History

#: The annotation that a server's clock was set; its value `ahead` is by how many seconds (negative: behind).
CLOCK_JUMP: Final = "CLOCK"

#: How far clocks may be apart in any history, in seconds: machines differ, and messages travel.
_ALWAYS: Final = 5.0


def clock_uncertainty(history: History) -> float:
    """Return by how many seconds a server may be ahead of the clock of the history, at least 5.

    An expiry that is due within so many seconds may have happened on the server already. Jumps that were
    annotated (`CLOCK_JUMP`) count for the whole history, with the largest of them.
    """
    jumps = (
        abs(annotation.values["ahead"]) for annotation in history.annotations if annotation.name == CLOCK_JUMP
    )
    return _ALWAYS + max(jumps, default=0.0)
