"""The Unisono server: notifications that target people, in unison on all their devices."""

__version__ = "0.2.0"
