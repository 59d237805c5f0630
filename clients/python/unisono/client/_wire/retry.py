"""When to try again, and how long to wait before it. Knows no calls and no clock."""

import random
from dataclasses import dataclass

from unisono.client._errors import Unavailable, UnisonoError


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Delays in seconds that double from `first` to `most`, each shortened by up to half at random.

    The chance keeps a thousand clients that lost the same server from coming back at the same moment.
    """

    initial: float = 0.1
    maximum: float = 20.0

    def delay(self, failures: int) -> float:
        """How long to wait after this many failures in a row, from 1."""
        longest = min(self.maximum, self.initial * 2.0 ** min(failures - 1, 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret depends on it

    def delay_after(self, error: UnisonoError, failures: int) -> float:
        """The same, on top of what the service asked for: it asks everybody for the same."""
        return self.delay(failures) + (error.retry_delay or 0.0)


def is_transient(error: UnisonoError) -> bool:
    """Whether repeating the same request may help.

    It is safe for every method here: a send carries its key, and what patches, marks and deletes ask
    for is done once however often it is asked.
    """
    return isinstance(error, Unavailable) or error.retry_delay is not None
