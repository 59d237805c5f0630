"""The time by which histories are told: that of a held clock, and never the same twice."""

from collections.abc import Callable
from itertools import count

from tests.support.clocks import FakeClock


def told_by(clock: FakeClock) -> Callable[[], float]:
    """Seconds since 1970. What comes later in the same moment is told a bit later."""
    steps = count(1)
    return lambda: clock.now() / 1000 + next(steps) * 1e-6
