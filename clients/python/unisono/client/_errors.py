"""The exceptions of the SDK."""

from collections.abc import Mapping

import grpc


class UnisonoError(Exception):
    """An error of the service, or of the way to it: the base class of all errors that the SDK defines.

        UnisonoError                 code, reason, message, metadata, violations, retry_delay
        ├── InvalidRequest           fields are wrong; violations names each
        │   ├── TooLarge             the request is larger than the server takes
        │   └── ResumeTokenInvalid   the position was not given out for this feed
        ├── Unauthenticated          the token is missing, invalid or expired
        ├── PermissionDenied         the token is good, and not for this
        ├── NotFound                 no such notification or endpoint, for this caller
        ├── KeyConflict              a live notification has this key and other content
        ├── RevisionMismatch         it changed since expected_revision
        ├── FailedPrecondition
        │   ├── EndpointDeleted      the id of a deleted endpoint stays unusable for 30 days
        │   ├── FeedBarred           the user was deleted, and is barred for a while
        │   ├── PlatformFixed        the platform of an endpoint cannot change
        │   └── RevisionOutOfRange   what changed since is not known: list all anew
        ├── QuotaExceeded            as many notifications, bytes, streams or endpoints as allowed
        ├── Superseded               a newer stream of the same endpoint took over
        ├── Unavailable              nothing is wrong with the request: repeat it later
        │   ├── FeedDeleted          the user was deleted while the device had something of it
        │   ├── OutcomeUnknown       it may have been done already: repeat it all the same
        │   ├── RateLimited          more calls than the caller may make: nothing was done
        │   ├── RequestIncomplete    it did not arrive as a whole: nothing was done
        │   └── TlsFailed            client and server do not agree on TLS: nothing was sent
        ├── ServerTooOld             it lacks the method, or a field of the request: upgrade it
        ├── DeadlineExceeded         no answer within the timeout: it may have been done
        ├── InternalError            a fault of the server; metadata["request_id"] finds it in its log
        └── StorageFailed            a device could not load or save its state

    `code` is a `grpc.StatusCode`. `reason` is a name of `unisono.v1.ErrorReason` without its prefix, empty
    where the service did not raise the error (the transport or the SDK did). `metadata` is what that reason
    carries. `violations` maps each wrong field, of which the service names the first 20, to what is wrong
    with it. `retry_delay` is in seconds, from 0 to 3,600; None when the service did not ask to repeat the
    request. Wrong names and types of arguments raise `TypeError` instead.
    """

    #: The code of an error that was made without one.
    default_code: grpc.StatusCode = grpc.StatusCode.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode | None = None,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Mapping[str, str] | None = None,
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.reason = reason
        self.metadata = dict(metadata or {})
        self.violations = dict(violations or {})
        self.retry_delay = retry_delay

    def __str__(self) -> str:
        return self.message or self.reason or self.code.name


class InvalidRequest(UnisonoError):
    """Fields of the request are wrong; `violations` names each. Nothing was changed."""

    default_code = grpc.StatusCode.INVALID_ARGUMENT


class TooLarge(InvalidRequest):
    """The request is larger than the server takes.

    `metadata` has `size` and `limit` in bytes, unless the transport found it: then `reason` is empty.
    """

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class ResumeTokenInvalid(InvalidRequest):
    """The resume token was not given out for this feed, or is damaged."""


class Unauthenticated(UnisonoError):
    """The access token is missing, invalid or expired: `reason` is TOKEN_MISSING, _INVALID or _EXPIRED."""

    default_code = grpc.StatusCode.UNAUTHENTICATED


class PermissionDenied(UnisonoError):
    """The access token is valid, and not for this; `reason` and `metadata` say why."""

    default_code = grpc.StatusCode.PERMISSION_DENIED


class NotFound(UnisonoError):
    """The notification or endpoint does not exist, or is gone, or is not the caller's to see."""

    default_code = grpc.StatusCode.NOT_FOUND


class KeyConflict(UnisonoError):
    """A live notification has this `app_notification_id` and other content: `metadata["notification_id"]`."""

    default_code = grpc.StatusCode.ALREADY_EXISTS


class RevisionMismatch(UnisonoError):
    """The notification changed since `expected_revision`; `metadata["revision"]` is the current one."""

    default_code = grpc.StatusCode.ABORTED


class FailedPrecondition(UnisonoError):
    """The request does not fit the state of what it is about."""

    default_code = grpc.StatusCode.FAILED_PRECONDITION


class EndpointDeleted(FailedPrecondition):
    """The endpoint was deleted; its id stays unusable for 30 days, unless it was deleted to return."""


class FeedBarred(FailedPrecondition):
    """The user was deleted, and is barred until `metadata["barred_until"]`, a time as in RFC 3339."""


class PlatformFixed(FailedPrecondition):
    """The platform of an endpoint cannot change; `metadata["platform"]` is the registered one."""


class RevisionOutOfRange(FailedPrecondition):
    """What changed after this revision cannot be listed, as removals may be forgotten: begin anew with 0.

    Or the feed has not come to it: it began anew itself. `metadata` has the `floor`, which is the smallest
    revision but 0 that can be listed after, and the feed's `revision`.
    """


class QuotaExceeded(UnisonoError):
    """There are as many notifications, bytes, target policies, streams, endpoints or bars as allowed.

    `reason` says of what, `metadata["limit"]` how many.
    """

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Superseded(UnisonoError):
    """A newer stream of the same endpoint took over; an endpoint has one stream at a time.

    Where that is another installation with a copy of this one's storage, as on a phone that was cloned, this
    one takes a new id, and goes on with what it holds: see `carry_over`.
    """

    default_code = grpc.StatusCode.ABORTED


class Unavailable(UnisonoError):
    """The service cannot be reached, or cannot answer now. Repeating the request later may help."""

    default_code = grpc.StatusCode.UNAVAILABLE


class FeedDeleted(Unavailable):
    """The user was deleted: the device discarded what it held and marks not sent yet, and begins anew."""


class OutcomeUnknown(Unavailable):
    """The change may have been committed or not. Repeating the request is safe (Idempotent)."""


class RateLimited(Unavailable):
    """More calls at a time, or in a second, than allowed: `metadata["limit"]`. Nothing was done."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class RequestIncomplete(Unavailable):
    """The request did not arrive as a whole in the time that the server waits for one. Nothing was done."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class TlsFailed(Unavailable):
    """Client and server do not agree on TLS. Nothing was sent; the message says what to do.

    `metadata["problem"]` is SERVER_WITHOUT_TLS, CERTIFICATE_NOT_TRUSTED, CERTIFICATE_OF_ANOTHER_HOST,
    CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CLIENT_CERTIFICATE_REFUSED, CERTIFICATES_UNUSABLE, or
    others in later versions. A publisher's call raises it
    at once; a device goes on trying, since certificates are renewed.
    """


class ServerTooOld(UnisonoError):
    """The server does not know the method, or a field of the request: it is older than this SDK.

    A field is found before anything is sent: an older server would ignore it, and answer as if all were well.
    Then `metadata` has the `field`, and the `contract_level` of the server, see `GetServerInfo`. Without
    `metadata` the method is missing: from the server, or from what a proxy passes on to it.
    """

    default_code = grpc.StatusCode.UNIMPLEMENTED


class DeadlineExceeded(UnisonoError):
    """No answer came within the timeout that the caller gave. The request may have been carried out."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class InternalError(UnisonoError):
    """A fault of the server, which has it in its log under `metadata["request_id"]`."""

    default_code = grpc.StatusCode.INTERNAL


class StorageFailed(UnisonoError):
    """A device could not load or save its state: the storage is full, damaged, in use, another endpoint's."""
