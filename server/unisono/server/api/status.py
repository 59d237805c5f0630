"""Turns domain errors into gRPC statuses with details: the only place that does."""

from collections.abc import Sequence

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from unisono.server import errors
from unisono.server.core.stream import End
from unisono.v1.notification_service_pb2 import BatchItemError

#: Where gRPC carries a google.rpc.Status in the trailing metadata.
DETAILS_KEY = "grpc-status-details-bin"

DOMAIN = "unisono"

_CODES: Sequence[tuple[type[errors.UnisonoError], grpc.StatusCode]] = (
    (errors.InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.RequestMalformed, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.RequestTooLarge, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (errors.PermissionDenied, grpc.StatusCode.PERMISSION_DENIED),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.AlreadyExists, grpc.StatusCode.ALREADY_EXISTS),
    (errors.FailedPrecondition, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.Aborted, grpc.StatusCode.ABORTED),
    (errors.QuotaExceeded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.RequestIncomplete, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.Unavailable, grpc.StatusCode.UNAVAILABLE),
)


def code_of(error: errors.UnisonoError) -> grpc.StatusCode:
    """The gRPC code of an error."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return grpc.StatusCode.INTERNAL


def details_of(error: errors.UnisonoError) -> list[Any]:
    """ErrorInfo always, and what belongs to the kind of error."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=dict(error.metadata))
    return [_packed(detail) for detail in (info, *_more(error))]


def trailers(error: errors.UnisonoError) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata that carries the details."""
    number: int = code_of(error).value[0]
    status = status_pb2.Status(code=number, message=error.message, details=details_of(error))
    return ((DETAILS_KEY, status.SerializeToString()),)


def item_error(error: errors.UnisonoError) -> BatchItemError:
    """The same, for one item of a batch."""
    number: int = code_of(error).value[0]
    return BatchItemError(code=number, message=error.message, details=details_of(error))


def goodbye_error(end: End, retry_delay: float | None) -> errors.UnisonoError:
    """The error with which a stream ends after its Goodbye."""
    match end:
        case End.TOKEN_EXPIRED:
            text = "the access token expired; come back with a new one"
            return errors.Unauthenticated(errors.Reason.TOKEN_EXPIRED, text)
        case End.SUPERSEDED:
            text = "a newer stream of the same endpoint took over"
            return errors.Aborted(errors.Reason.SUPERSEDED, text)
        case End.ENDPOINT_DELETED:
            return errors.NotFound(errors.Reason.ENDPOINT_DELETED, "the endpoint was deleted")
        case _:
            reason = errors.Reason[end.name]
            text = f"the stream ended ({end.value}); come back"
            return errors.Unavailable(reason, text, retry_delay=retry_delay or 0.0)


def _more(error: errors.UnisonoError) -> list[Message]:
    if isinstance(error, errors.InvalidRequest):
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=v.field, description=v.description)
            for v in error.violations
        ]
        return [error_details_pb2.BadRequest(field_violations=violations)]
    if isinstance(error, errors.RateLimited):
        return [_quota_failure(error), _retry_info(error.retry_delay)]
    if isinstance(error, errors.Unavailable):
        return [_retry_info(error.retry_delay)]
    if isinstance(error, errors.QuotaExceeded):
        return [_quota_failure(error)]
    return []


def _retry_info(seconds: float) -> Message:
    delay = Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _quota_failure(error: errors.QuotaExceeded) -> Message:
    violation = error_details_pb2.QuotaFailure.Violation(subject=error.subject, description=error.message)
    return error_details_pb2.QuotaFailure(violations=[violation])


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
