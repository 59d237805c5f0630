"""Receiving: a device, its inbox, and how it comes back. Knows nothing of publishers."""
