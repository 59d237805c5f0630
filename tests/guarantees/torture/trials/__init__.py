"""All trials, in the order in which the torture goes through them."""

from typing import Final

from tests.guarantees.torture.trial import Trial
from tests.guarantees.torture.trials import (
    clock,
    crowd,
    cycles,
    disk,
    ends,
    expiry,
    gone,
    hints,
    hostile,
    lines,
    noisy,
    stalled,
    tokens,
    unmoved,
)

TRIALS: Final[tuple[Trial, ...]] = (
    ends.KILLED,
    ends.STOPPED,
    ends.STILLNESS,
    hints.LOSSY,
    hints.DEAF,
    lines.CUT,
    lines.AWAY,
    lines.SLOW,
    lines.CORRUPT,
    tokens.EXPIRED,
    disk.DISK,
    clock.CLOCK,
    crowd.CROWD,
    stalled.STALLED,
    unmoved.UNMOVED,
    gone.GONE,
    expiry.EXPIRY,
    cycles.CYCLES,
    noisy.NOISY,
    hostile.HOSTILE,
    hostile.BEHIND,
)
