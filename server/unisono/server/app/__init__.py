"""Builds the adapters and the parts of a server from the settings, and runs them."""
