"""Delays that a test does not feel."""

from unisono.client import Backoff, Timing

QUICK = Backoff(first=0.002, most=0.02)
HASTY = Timing(backoff=QUICK, acknowledge=0.0)
