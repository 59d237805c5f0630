"""Backoffs and timings of a few milliseconds, for tests that reconnect."""

from unisono.client import Backoff, Timing

QUICK = Backoff(initial=0.002, maximum=0.02)
HASTY = Timing(backoff=QUICK, refusal_backoff=QUICK, acknowledge_interval=0.0)
