"""The seam to the wire: how core asks for an event's bytes. Knows not what they look like."""

from collections.abc import Callable

from unisono.server.core.position import Sighting
from unisono.server.model import Change

EncodeSighting = Callable[[Sighting], bytes]
"""Encodes an event of who catches up, so that encodings can be joined into a batch."""

EncodeChange = Callable[[Change, bool], bytes]
"""The same of a change that was just committed, which rings or does not."""

BATCH_BYTES = 256 * 1024
"""No batch of events is larger than this (the contract, section 3)."""
