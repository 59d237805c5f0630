"""How far the clocks of a history may be from each other. Knows no promise."""

from typing import Final

from unisono.verify.history import History

#: The annotation that somebody set the clock of a server, with the seconds that it is `ahead` by.
CLOCK_JUMP: Final = "CLOCK"

#: Seconds: clocks differ, and messages travel.
_ALWAYS: Final = 5.0


def clock_uncertainty(history: History) -> float:
    """Seconds: what is due so soon, as far as its clients know, may have happened to a server already."""
    jumps = (
        abs(annotation.values["ahead"]) for annotation in history.annotations if annotation.name == CLOCK_JUMP
    )
    return _ALWAYS + max(jumps, default=0.0)
