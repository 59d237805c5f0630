"""Backoffs and timings of a few milliseconds, for tests that reconnect."""

from typing import Final

from unisono.client import Backoff, Timing

QUICK = Backoff(initial=0.002, maximum=0.02)
HASTY = Timing(backoff=QUICK, refusal_backoff=QUICK, acknowledge_interval=0.0)

#: Lets a call raise its first error, whatever time it has: there would be none left after the delay.
IMPATIENT: Final = Backoff(initial=1000.0, maximum=1000.0)
