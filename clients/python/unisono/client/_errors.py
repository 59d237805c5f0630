"""The exceptions of the SDK, and how they are made from gRPC status codes and details."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY: Final = "grpc-status-details-bin"

#: The longest that a server may ask anybody to wait, in seconds.
_LONGEST_DELAY: Final = 3600.0


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
        │   ├── PlatformFixed        the platform of an endpoint cannot change
        │   └── RevisionOutOfRange   what changed since is not known: list all anew
        ├── QuotaExceeded            as many notifications, bytes, streams or endpoints as allowed
        ├── Superseded               a newer stream of the same endpoint took over
        ├── Unavailable              nothing is wrong with the request: repeat it later
        │   ├── OutcomeUnknown       it may have been done already: repeat it all the same
        │   ├── RateLimited          more calls than the caller may make: nothing was done
        │   └── RequestIncomplete    it did not arrive as a whole: nothing was done
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
    """The endpoint was deleted; its id stays unusable for 30 days."""


class PlatformFixed(FailedPrecondition):
    """The platform of an endpoint cannot change; `metadata["platform"]` is the registered one."""


class RevisionOutOfRange(FailedPrecondition):
    """What changed after this revision cannot be listed, as removals may be forgotten: begin anew with 0.

    Or the feed has not come to it: it began anew itself. `metadata` has the `floor`, which is the smallest
    revision but 0 that can be listed after, and the feed's `revision`.
    """


class QuotaExceeded(UnisonoError):
    """The user has as many notifications, bytes, target policies, streams or endpoints as allowed.

    `reason` says of what, `metadata["limit"]` how many.
    """

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Superseded(UnisonoError):
    """A newer stream of the same endpoint took over; an endpoint has one stream at a time."""

    default_code = grpc.StatusCode.ABORTED


class Unavailable(UnisonoError):
    """The service cannot be reached, or cannot answer now. Repeating the request later may help."""

    default_code = grpc.StatusCode.UNAVAILABLE


class OutcomeUnknown(Unavailable):
    """The change may have been committed or not. Repeating the request is safe (Idempotent)."""


class RateLimited(Unavailable):
    """More calls at a time, or in a second, than allowed: `metadata["limit"]`. Nothing was done."""

    default_code = grpc.StatusCode.RESOURCE_EXHAUSTED


class RequestIncomplete(Unavailable):
    """The request did not arrive as a whole in the time that the server waits for one. Nothing was done."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class DeadlineExceeded(UnisonoError):
    """No answer came within the timeout that the caller gave. The request may have been carried out."""

    default_code = grpc.StatusCode.DEADLINE_EXCEEDED


class InternalError(UnisonoError):
    """A fault of the server, which has it in its log under `metadata["request_id"]`."""

    default_code = grpc.StatusCode.INTERNAL


class StorageFailed(UnisonoError):
    """A device could not load or save its state: the storage is full, damaged, in use, another endpoint's."""


_BY_REASON: Final[Mapping[str, type[UnisonoError]]] = {
    "REQUEST_TOO_LARGE": TooLarge,
    "RESUME_TOKEN_INVALID": ResumeTokenInvalid,
    "ENDPOINT_DELETED": EndpointDeleted,
    "PLATFORM_FIXED": PlatformFixed,
    "REVISION_OUT_OF_RANGE": RevisionOutOfRange,
    "OUTCOME_UNKNOWN": OutcomeUnknown,
    "RATE_LIMITED": RateLimited,
    "REQUEST_INCOMPLETE": RequestIncomplete,
    "SUPERSEDED": Superseded,
}

_BY_CODE: Final[Mapping[grpc.StatusCode, type[UnisonoError]]] = {
    kind.default_code: kind
    for kind in (
        InvalidRequest,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        KeyConflict,
        RevisionMismatch,
        FailedPrecondition,
        QuotaExceeded,
        Unavailable,
        DeadlineExceeded,
        InternalError,
    )
}

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def from_rpc_error(error: grpc.RpcError) -> UnisonoError:
    """Return the exception for an error of a call that was made through the stubs, blocking or `grpc.aio`.

    Its class follows from the reason in the status details, and from the code where there are none; then
    `reason` is empty, and `metadata` and `violations` are too. A CANCELLED, and a connection that broke under
    TLS, are `Unavailable`; a message larger than gRPC takes is `TooLarge`. An error without a status (not a
    `grpc.Call`) is a plain `UnisonoError` with the code UNKNOWN; damaged details count as none. The exception
    is returned, not raised.
    """
    return error_of(_code(error), _message(error), _details(error))


def error_of(code: grpc.StatusCode, message: str, details: Iterable[Any]) -> UnisonoError:
    """Return the exception for a status: its code, its message, and its `google.rpc.Status` details."""
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in details:
        for wanted in (info, request, retry):
            if detail.TypeName() == wanted.DESCRIPTOR.full_name:
                # A proxy may have damaged it: then the code says what there is to say.
                with contextlib.suppress(DecodeError):
                    detail.Unpack(wanted)
    delay = delay_of(retry.retry_delay) if retry.HasField("retry_delay") else None
    return _kind(code, info.reason, message)(
        message,
        code=code,
        reason=info.reason,
        metadata=info.metadata,
        violations={v.field: v.description for v in request.field_violations},
        retry_delay=delay,
    )


def delay_of(asked: Duration) -> float:
    """Return the seconds that the service asks to wait, from 0 to 3,600 whatever it asks for."""
    return min(max(0.0, asked.ToNanoseconds() / 1e9), _LONGEST_DELAY)


def code_of(number: int) -> grpc.StatusCode:
    """Return the gRPC code of a number; UNKNOWN for one that gRPC does not define."""
    return _CODES.get(number, grpc.StatusCode.UNKNOWN)


def _kind(code: grpc.StatusCode, reason: str, message: str) -> type[UnisonoError]:
    # A CANCELLED that the caller did not ask for is how an overrun or stopping server turns calls away.
    if code is grpc.StatusCode.CANCELLED:
        return Unavailable
    # A connection that breaks under TLS, as by a bit that turned, ends its calls with this message.
    if code is grpc.StatusCode.UNKNOWN and not reason and message.startswith("Stream removed"):
        return Unavailable
    # A request far beyond the limit does not get to the service: gRPC says so, in its message only.
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and not reason and "larger than max" in message:
        return TooLarge
    return _BY_REASON.get(reason) or _BY_CODE.get(code, UnisonoError)


def _code(error: grpc.RpcError) -> grpc.StatusCode:
    code = error.code() if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else None
    return code or grpc.StatusCode.UNKNOWN


def _message(error: grpc.RpcError) -> str:
    return (error.details() if isinstance(error, grpc.Call | grpc.aio.AioRpcError) else "") or ""


def _details(error: grpc.RpcError) -> Sequence[Any]:
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return ()
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            with contextlib.suppress(DecodeError):
                return list(status_pb2.Status.FromString(value).details)
    return ()
