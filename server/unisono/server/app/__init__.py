"""Builds the adapters and the parts of a server from the settings, and runs them."""

from unisono.server.app.run import serve

__all__ = ["serve"]
