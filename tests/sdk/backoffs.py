"""Delays that a test does not feel."""

from unisono.client import Backoff, Timing

QUICK = Backoff(initial=0.002, maximum=0.02)
HASTY = Timing(backoff=QUICK, acknowledge_interval=0.0)
