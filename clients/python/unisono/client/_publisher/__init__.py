"""Sending: the publisher, its blocking twin, and how sends share calls."""
