"""Sending: the publisher, its blocking twin, and how sends travel together. Knows nothing of devices."""
