"""Receiving: a device, its inbox, its storage, and how it reconnects."""
