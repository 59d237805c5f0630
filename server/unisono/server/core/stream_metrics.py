"""Counts the streams of devices: how they begin and end, and where their events come from, and how soon.

What is counted has the platform of a device, never which device it is.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from unisono.server.core.stream_messages import GoodbyeReason
from unisono.server.errors import Reason
from unisono.server.histogram import Histogram

CLIENT_GONE: Final = "CLIENT_GONE"
"""How a stream ends that has no Goodbye, for its client is gone."""

_FAILURES: Final = (Reason.STORE_UNAVAILABLE, Reason.STORE_FULL, Reason.INTERNAL)

#: In seconds: an event is written within milliseconds, unless its device does not read.
_BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class StreamMetrics:
    """The streams of one node. Those that `open` has are welcome, and have not ended."""

    def __init__(self) -> None:
        #: By platform, and by the name of the transport.
        self.open: Final[Counter[tuple[int, str]]] = Counter()
        #: By where they start: "resumed", "restarted" where the feed could not continue, or "new".
        self.opened: Final[Counter[str]] = Counter(dict.fromkeys(("resumed", "restarted", "new"), 0))
        self.ended: Final[Counter[str]] = Counter(dict.fromkeys(_endings(), 0))
        #: By where what follows a position came from: "tail", "cache" of catch-up pages, or "store".
        self.reads: Final[Counter[str]] = Counter(dict.fromkeys(("tail", "cache", "store"), 0))
        self.catch_up_rows = 0
        self.hints = 0
        #: From the first hint that a stream has not followed until the events that it told of were written.
        self.delivery_seconds: Final = Histogram(_BOUNDS)


def _endings() -> Iterator[str]:
    yield from (reason.name for reason in GoodbyeReason)
    yield from _FAILURES
    yield CLIENT_GONE
