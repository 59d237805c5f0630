"""How long a device waits before its next stream."""

import time
from typing import Final

from unisono.client._device.reconnect import Reconnect
from unisono.client._device.timing import Timing

#: Streams in a row that lived for less than `SHORT` seconds, after which nobody comes back at once any more,
#: whatever the server asks for.
MAX_SHORT: Final = 3
SHORT: Final = 1.0


class Comeback:
    """Counts what ended streams, from one that was complete to the next, and lets the delays grow by it."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._failures = 0
        self._refusals = 0
        #: Positions in a row that were refused: each costs a catch-up from the beginning.
        self._resets = 0
        self._began = 0.0
        self._short = 0

    def began(self) -> None:
        """Record that a stream is about to be opened."""
        self._began = time.monotonic()

    def was_complete(self, *, resumed: bool) -> None:
        """Record that a stream came to a complete point; `resumed`: from a position that the device held."""
        self._failures = self._refusals = 0
        if resumed:
            self._resets = 0

    def stood_still(self) -> None:
        """Record that the process stood still: what was the matter before may be so no longer."""
        self._failures = self._refusals = 0

    def delay(self, reconnect: Reconnect) -> float:
        """Return the seconds to wait after a stream that ended so."""
        self._short = self._short + 1 if time.monotonic() - self._began < SHORT else 0
        if reconnect.delay is not None:
            return reconnect.delay + self._after_short_ones()
        if reconnect.reset_position:
            self._resets += 1
            return self._timing.refusal_backoff.delay_after(reconnect.cause, self._resets)
        if reconnect.refused:
            self._refusals += 1
            backoff, count = self._timing.refusal_backoff, self._refusals
        else:
            self._failures += 1
            backoff, count = self._timing.backoff, self._failures
        if not reconnect.new_token:
            return backoff.delay_after(reconnect.cause, count)
        # The first refusal says that the token is old, the next that there is no better one.
        return backoff.delay_after(reconnect.cause, count - 1) if count > 1 else self._after_short_ones()

    def _after_short_ones(self) -> float:
        return self._timing.backoff.delay(self._short - MAX_SHORT) if self._short > MAX_SHORT else 0.0
