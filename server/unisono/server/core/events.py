"""The encoders of events that core is given, so that it does not depend on the wire format."""

from collections.abc import Callable

from unisono.server.core.position import CatchUpEvent
from unisono.server.model import Change

EncodeCatchUpEvent = Callable[[CatchUpEvent], bytes]
"""Encodes an event of a catch-up, so that encodings can be joined into a batch."""

EncodeChange = Callable[[Change, bool], bytes]
"""Encodes a change that was just committed as a live event, which rings or does not."""

BATCH_BYTES = 256 * 1024
"""No batch of events is larger than this (the contract, section 3)."""
