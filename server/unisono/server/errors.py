"""Every error that the service raises on purpose. Knows neither gRPC nor any driver.

    UnisonoError
    ├── InvalidRequest          fields of a request are wrong
    ├── RequestMalformed        not a message of the expected type
    ├── RequestTooLarge
    ├── Unauthenticated         no, bad or expired token
    │   └── TokenUndecodable    sent by a stranger
    ├── PermissionDenied        a good token, but not for this
    ├── NotFound
    ├── AlreadyExists
    ├── FailedPrecondition
    ├── Aborted
    ├── QuotaExceeded
    │   └── RateLimited         too many calls; try again later
    │       └── TooFrequent     too many in a second
    ├── RequestIncomplete
    └── Unavailable             try again later
        └── OutcomeUnknown      the commit may or may not have happened

An adapter translates its driver's errors into these; `api.status` turns them into statuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Machine-readable reasons: `unisono.v1.ErrorReason` without its prefix, which documents each."""

    INVALID_REQUEST = "INVALID_REQUEST"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    RESUME_TOKEN_INVALID = "RESUME_TOKEN_INVALID"
    TOKEN_MISSING = "TOKEN_MISSING"
    TOKEN_INVALID = "TOKEN_INVALID"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"
    APP_UNKNOWN = "APP_UNKNOWN"
    SCOPE_MISSING = "SCOPE_MISSING"
    ROLE_NOT_ALLOWED = "ROLE_NOT_ALLOWED"
    USER_MISMATCH = "USER_MISMATCH"
    NOT_CREATOR = "NOT_CREATOR"
    NOTIFICATION_NOT_FOUND = "NOTIFICATION_NOT_FOUND"
    ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"
    ENDPOINT_DELETED = "ENDPOINT_DELETED"
    PLATFORM_FIXED = "PLATFORM_FIXED"
    KEY_CONFLICT = "KEY_CONFLICT"
    REVISION_MISMATCH = "REVISION_MISMATCH"
    LIVE_NOTIFICATIONS_EXCEEDED = "LIVE_NOTIFICATIONS_EXCEEDED"
    OPEN_STREAMS_EXCEEDED = "OPEN_STREAMS_EXCEEDED"
    ENDPOINTS_EXCEEDED = "ENDPOINTS_EXCEEDED"
    OVERLOADED = "OVERLOADED"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    DRAINING = "DRAINING"
    SESSION_AGE = "SESSION_AGE"
    RESYNC = "RESYNC"
    SUPERSEDED = "SUPERSEDED"
    INTERNAL = "INTERNAL"
    RATE_LIMITED = "RATE_LIMITED"
    TARGET_POLICIES_EXCEEDED = "TARGET_POLICIES_EXCEEDED"
    FEED_BYTES_EXCEEDED = "FEED_BYTES_EXCEEDED"
    REQUEST_INCOMPLETE = "REQUEST_INCOMPLETE"


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field of a request: its path in the request, and what is wrong, with the limit."""

    field: str
    description: str


class UnisonoError(Exception):
    """The root. `message` is for a developer to read, `metadata` for a program."""

    def __init__(self, reason: Reason, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason: Final = reason
        self.message: Final = message
        self.metadata: Final[Mapping[str, str]] = metadata or {}


#: How many characters of a message name violations. There may be as many as a request has fields, and who
#: reads wants the first of them.
_NAMED: Final = 800


class InvalidRequest(UnisonoError):
    """Fields of a request are wrong: the first of them are in `violations`, and `more` were left out."""

    def __init__(
        self, violations: Sequence[Violation], reason: Reason = Reason.INVALID_REQUEST, *, more: int = 0
    ) -> None:
        super().__init__(reason, _text(violations, more))
        self.violations: Final = tuple(violations)
        self.more: Final = more

    @classmethod
    def of(cls, field: str, description: str, reason: Reason = Reason.INVALID_REQUEST) -> "InvalidRequest":
        """The error of a single field."""
        return cls([Violation(field, description)], reason)


def _text(violations: Sequence[Violation], more: int) -> str:
    """The violations in words, as many as fit, and how many more there are; at least the first is named."""
    named: list[str] = []
    room = _NAMED
    for violation in violations:
        words = f"{violation.field}: {violation.description}"
        room -= len(words)
        if room < 0 and named:
            break
        named.append(words)
    more += len(violations) - len(named)
    return "; ".join((*named, f"and {more} more") if more else named)


class RequestMalformed(UnisonoError):
    """The body is not a message of the type that the method takes."""


class RequestTooLarge(UnisonoError):
    """The body is larger than allowed."""


class Unauthenticated(UnisonoError):
    """There is no token, or it is not to be trusted, or its time is over."""


class TokenUndecodable(Unauthenticated):
    """What was sent as a token is too long, or no signed JWT, or names no trusted issuer.

    A client of ours cannot have got it, unlike one that has expired, or is signed with a key that the
    issuer uses by now and the service does not know yet.
    """


class PermissionDenied(UnisonoError):
    """The caller is known and may not do this."""


class NotFound(UnisonoError):
    """What was named does not exist for this caller."""


class AlreadyExists(UnisonoError):
    """The key is taken by other content."""


class FailedPrecondition(UnisonoError):
    """Not in the state that the request needs; repeating it does not help."""


class Aborted(UnisonoError):
    """Somebody else was first."""


class QuotaExceeded(UnisonoError):
    """A limit on how much there may be. `subject` is whose, `limit` how much."""

    def __init__(self, reason: Reason, message: str, *, subject: str, limit: int) -> None:
        super().__init__(reason, message, {"limit": str(limit)})
        self.subject: Final = subject


class RateLimited(QuotaExceeded):
    """More calls at a time, or in a second, than allowed; try again after `retry_delay` seconds."""

    def __init__(self, message: str, *, subject: str, limit: int, retry_delay: float) -> None:
        super().__init__(Reason.RATE_LIMITED, message, subject=subject, limit=limit)
        self.retry_delay: Final = retry_delay


class TooFrequent(RateLimited):
    """More calls in a second than allowed. Not told at once: see `api.tarpit`."""


class RequestIncomplete(UnisonoError):
    """The body did not arrive as a whole in the time that the server waits for one."""


class Unavailable(UnisonoError):
    """Not now; try again after `retry_delay` seconds. Nothing was changed."""

    def __init__(self, reason: Reason, message: str, *, retry_delay: float = 1.0) -> None:
        super().__init__(reason, message)
        self.retry_delay: Final = retry_delay


class OutcomeUnknown(Unavailable):
    """The commit may or may not have happened; repeating the request is safe."""

    def __init__(self, message: str = "the outcome of the commit is unknown; repeat it") -> None:
        super().__init__(Reason.OUTCOME_UNKNOWN, message)
