"""The errors that the service raises on purpose, as one tree below `UnisonoError`.

    UnisonoError
    ├── InvalidRequest          fields of a request are invalid
    ├── RequestMalformed        the body is not a message of the expected type
    ├── RequestTooLarge
    ├── Unauthenticated         the token is missing, invalid or expired
    │   └── TokenUndecodable    it is not even a token of a trusted issuer
    ├── PermissionDenied        the token is good, but does not allow this
    ├── NotFound
    ├── AlreadyExists
    ├── FailedPrecondition
    ├── Aborted
    ├── QuotaExceeded
    │   └── RateLimited         too many calls at a time; try again later
    │       └── TooFrequent     too many calls in a second
    ├── RequestIncomplete
    └── Unavailable             try again later
        └── OutcomeUnknown      the commit may or may not have happened

An adapter translates its driver's errors into these; `api.status` turns them into gRPC statuses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Machine-readable reason of an error, sent as `google.rpc.ErrorInfo.reason`.

    The members are those of the proto enum `unisono.v1.ErrorReason` without the prefix `ERROR_REASON_`; the
    comments there say when each is sent.
    """

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
    REVISION_OUT_OF_RANGE = "REVISION_OUT_OF_RANGE"
    STORE_FULL = "STORE_FULL"
    FEED_BARRED = "FEED_BARRED"
    FEED_DELETED = "FEED_DELETED"
    BARS_EXCEEDED = "BARS_EXCEEDED"
    ISSUER_UNAVAILABLE = "ISSUER_UNAVAILABLE"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"


@dataclass(frozen=True, slots=True)
class Violation:
    """One invalid field of a request: its path, what is wrong with it, and the limit where there is one."""

    field: str
    description: str


class UnisonoError(Exception):
    """Base of all errors that the service raises on purpose.

    `message` is for a developer to read. `reason` and `metadata` are for a program; proto `ErrorReason` says
    which metadata come with a reason, and most come with none. `about` is whom the error is about, by the
    fields of the audit log: it is sent to nobody, and no other log has it.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        metadata: Mapping[str, str] | None = None,
        *,
        about: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.reason: Final = reason
        self.message: Final = message
        self.metadata: Final[Mapping[str, str]] = metadata or {}
        self.about: Final[Mapping[str, str]] = about or {}


#: Characters of a message that name violations. There may be as many violations as a request has fields, and
#: a reader wants the first of them.
_NAMED: Final = 800


class InvalidRequest(UnisonoError):
    """Fields of a request are invalid: `violations` has the first of them, `more` counts the others.

    The message lists as many as fit into about 800 characters, at least one, and the number of the others.
    """

    def __init__(
        self, violations: Sequence[Violation], reason: Reason = Reason.INVALID_REQUEST, *, more: int = 0
    ) -> None:
        super().__init__(reason, _text(violations, more))
        self.violations: Final = tuple(violations)
        self.more: Final = more

    @classmethod
    def of(cls, field: str, description: str, reason: Reason = Reason.INVALID_REQUEST) -> "InvalidRequest":
        """Return the error for a single invalid field."""
        return cls([Violation(field, description)], reason)


def _text(violations: Sequence[Violation], more: int) -> str:
    """Join the violations that fit, at least the first, and add how many there are besides."""
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
    """The body of a request is not a message of the type that the method takes."""


class RequestTooLarge(UnisonoError):
    """The body of a request is too large. `metadata` has its `size` and the `limit`, in bytes."""


class Unauthenticated(UnisonoError):
    """The access token is missing, cannot be trusted, or has expired."""


class TokenUndecodable(Unauthenticated):
    """The access token is too long, is not a signed JWT, or names no trusted issuer.

    No client of a trusted issuer can have received it, unlike a token that has expired, or that is signed
    with a new key of the issuer that the server does not know yet. So the call counts as a stranger's.
    """


class PermissionDenied(UnisonoError):
    """The caller is known, but has the wrong role, scope, user, app or origin, or is not the creator."""


class NotFound(UnisonoError):
    """The notification or endpoint does not exist in the caller's feed, or was removed."""


class AlreadyExists(UnisonoError):
    """A live notification has the same `app_notification_id` and other content."""


class FailedPrecondition(UnisonoError):
    """Endpoint or feed are not in the state that the request needs; repeating it does not help."""


class Aborted(UnisonoError):
    """The caller lost a race: the notification has another revision, or a newer stream took over."""


class QuotaExceeded(UnisonoError):
    """A limit is reached. `subject` names whose it is, such as `user:ada`; `limit` is sent as metadata."""

    def __init__(self, reason: Reason, message: str, *, subject: str, limit: int) -> None:
        super().__init__(reason, message, {"limit": str(limit)})
        self.subject: Final = subject


class RateLimited(QuotaExceeded):
    """The caller has too many calls in flight, or began too many; try again after `retry_delay` seconds."""

    def __init__(self, message: str, *, subject: str, limit: int, retry_delay: float) -> None:
        super().__init__(Reason.RATE_LIMITED, message, subject=subject, limit=limit)
        self.retry_delay: Final = retry_delay


class TooFrequent(RateLimited):
    """The caller began too many calls in a second. `api.tarpit` delays the answer."""


class RequestIncomplete(UnisonoError):
    """The body of a request did not arrive as a whole within the time that the server waits for one."""


class Unavailable(UnisonoError):
    """The service cannot do this now and nothing was changed; try again after `retry_delay` seconds."""

    def __init__(self, reason: Reason, message: str, *, retry_delay: float = 1.0) -> None:
        super().__init__(reason, message)
        self.retry_delay: Final = retry_delay


class OutcomeUnknown(Unavailable):
    """The commit may or may not have happened, unlike with other `Unavailable` errors; repeating is safe."""

    def __init__(self, message: str = "the outcome of the commit is unknown; repeat it") -> None:
        super().__init__(Reason.OUTCOME_UNKNOWN, message)
