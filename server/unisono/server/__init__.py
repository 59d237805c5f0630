"""The Unisono service: notifications that target people, kept in unison on all their devices."""

__version__ = "0.1.0"
