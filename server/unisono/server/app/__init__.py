"""Wiring: the only layer that makes adapters, from the settings, and runs them."""

from unisono.server.app.run import serve

__all__ = ["serve"]
