"""The clock of recorded histories: a held clock, but never the same time twice."""

from collections.abc import Callable
from itertools import count

from tests.support.clocks import FakeClock


def told_by(clock: FakeClock) -> Callable[[], float]:
    """Return a clock of seconds since 1970, by which each call is a bit later than the one before."""
    steps = count(1)
    return lambda: clock.now() / 1000 + next(steps) * 1e-6
