"""Which errors are worth a retry, and how long to wait before it."""

import random
from dataclasses import dataclass

from unisono.client._arguments import Seconds, seconds, set_fields
from unisono.client._errors import TlsFailed, Unavailable, UnisonoError


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Backoff:
    """Delays in seconds that double from `initial` to `maximum`, each shortened by up to half at random.

    The chance keeps a thousand clients that lost the same server from coming back at the same moment.
    """

    initial: float
    maximum: float

    def __init__(self, *, initial: Seconds = 0.1, maximum: Seconds = 20.0) -> None:
        """Take numbers of seconds or timedeltas. Raises `TypeError` for what is neither."""
        set_fields(self, initial=seconds("initial", initial), maximum=seconds("maximum", maximum))

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after this many failures in a row, from 1."""
        longest = min(self.maximum, self.initial * 2.0 ** min(failures - 1, 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  no secret depends on it

    def delay_after(self, error: UnisonoError, failures: int) -> float:
        """Return the seconds to wait after an error: `delay`, on top of the `retry_delay` of the service.

        The service asks everybody for the same, so that alone would bring all back at once.
        """
        return self.delay(failures) + (error.retry_delay or 0.0)


def is_transient(error: UnisonoError) -> bool:
    """Return whether repeating the same request may help: for `Unavailable`, or a `retry_delay` in the error.

    It is safe for every method of the SDK (Idempotent): a send carries its key, and patches, marks and
    deletes are done once however often they are requested.
    """
    return isinstance(error, Unavailable) or error.retry_delay is not None


def may_pass_soon(error: UnisonoError) -> bool:
    """Return whether repeating may help within the timeout of a call: what is transient, but for `TlsFailed`.

    That lasts until somebody changes something, for which a device waits, and a call does not.
    """
    return is_transient(error) and not isinstance(error, TlsFailed)
