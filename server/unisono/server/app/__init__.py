"""Wiring: the only layer that makes adapters, from the settings, and runs them."""

from unisono.server.app.serving import serve

__all__ = ["serve"]
