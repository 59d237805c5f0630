"""Who said an error, which errors are worth a retry, and how long to wait before it."""

import random
from dataclasses import dataclass
from typing import Final

import grpc

from unisono.client._arguments import Seconds, seconds, set_fields
from unisono.client._errors import (
    PermissionDenied,
    QuotaExceeded,
    StorageFailed,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)

#: Codes of what went wrong underway, with a reason of the service or without.
_FAULTS: Final = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.DEADLINE_EXCEEDED}


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


def is_closed(error: UnisonoError) -> bool:
    """Return whether the connection was closed on this side: no call on it succeeds any more."""
    cancelled = error.code is grpc.StatusCode.CANCELLED and not error.reason
    return cancelled and not isinstance(error, Unavailable)


def is_foreign(error: UnisonoError) -> bool:
    """Return whether an error of a call came from something between here and the service, which may pass.

    Whatever the service raises has a reason: what has none is of a proxy, a network or its login page. What
    the SDK itself finds has none either, and is not foreign: a request too large for gRPC or with a field
    that the server lacks (which `metadata` names), a connection that was closed, a storage that fails.
    """
    own = isinstance(error, TooLarge | StorageFailed) or is_closed(error)
    return not (error.reason or error.metadata or own)


def is_refusal(error: UnisonoError) -> bool:
    """Return whether the service said no, and will again until somebody changes a token or a setting."""
    passing = isinstance(error, QuotaExceeded | StorageFailed) or error.code in _FAULTS
    return not (passing or is_transient(error) or is_foreign(error))


def is_verdict(error: UnisonoError) -> bool:
    """Return whether an error of a mark or an acknowledgement is about itself: it is not to be sent again.

    Not so is what is about the token, whose next one may be good, or the way. A fault of the service is,
    since it stumbled over this very request, and all that is behind it has to go on.
    """
    about_the_token = isinstance(error, Unauthenticated | PermissionDenied)
    return not (about_the_token or is_closed(error) or is_transient(error) or is_foreign(error))
