"""Remembers which streams closed lately, and how: what still comes for them means one thing or another."""

from collections import OrderedDict
from enum import Enum
from typing import Final

REMEMBERED: Final = 200
"""Streams that are remembered. What comes for older ones is taken for a mistake."""


class Closing(Enum):
    """How a stream closed: we reset it, and the client may not know yet; it reset it; or both ended it."""

    BY_US = 1
    BY_PEER = 2
    ENDED = 3


class ClosedStreams:
    """The streams that closed last."""

    __slots__ = ("_closed",)

    def __init__(self) -> None:
        self._closed: OrderedDict[int, Closing] = OrderedDict()

    def add(self, stream_id: int, how: Closing) -> None:
        """Remember how a stream closed."""
        self._closed[stream_id] = how
        if len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)

    def get(self, stream_id: int) -> Closing | None:
        """Return how a stream closed; None for one that never was, or long ago."""
        return self._closed.get(stream_id)
