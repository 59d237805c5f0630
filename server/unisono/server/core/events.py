"""The types of the encoders of events, which keep core independent of the wire format."""

from collections.abc import Callable

from unisono.server.core.position import CatchUpEvent
from unisono.server.model import Change

EncodeCatchUpEvent = Callable[[CatchUpEvent], bytes]
"""Encodes an event of a catch-up. Joined encodings are the events of a batch."""

EncodeChange = Callable[[Change, bool], bytes]
"""Encodes a change that was just committed as a live event; the flag says whether the event rings."""

BATCH_BYTES = 256 * 1024
"""The most bytes of encoded events in one batch (Collapsed)."""
