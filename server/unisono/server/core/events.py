"""The seam to the wire: how core asks for an event's bytes. Knows not what they look like."""

from collections.abc import Callable

from unisono.server.core.position import Sighting

Encode = Callable[[Sighting], bytes]
"""Encodes one event so that encodings can be joined into a batch."""

BATCH_BYTES = 256 * 1024
"""No batch of events is larger than this (the contract, section 3)."""
