"""The errors of the service, as the SDK raises them. Does not know when they are due."""

from collections.abc import Sequence

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from unisono.client._errors import (
    EndpointDeleted,
    InvalidRequest,
    KeyConflict,
    NotFound,
    PermissionDenied,
    PlatformFixed,
    QuotaExceeded,
    ResumeTokenInvalid,
    RevisionMismatch,
    Superseded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.v1.notification_service_pb2 import BatchItemError

#: What a stream ends with after its Goodbye, where the device is to come back after a delay.
COME_BACK = ("DRAINING", "SESSION_AGE", "RESYNC")

#: How many characters of a message name bad fields.
_NAMED = 800


def invalid(found: Sequence[tuple[str, str]], more: int = 0) -> InvalidRequest:
    """Fields of a request are wrong: each with what is wrong with it, and how many more there are."""
    named: list[str] = []
    room = _NAMED
    for field, problem in found:
        words = f"{field}: {problem}"
        room -= len(words)
        if room < 0 and named:
            break
        named.append(words)
    more += len(found) - len(named)
    text = "; ".join((*named, f"and {more} more") if more else named)
    return InvalidRequest(text, reason="INVALID_REQUEST", violations=dict(found))


def bad_position(problem: str) -> ResumeTokenInvalid:
    """The resume token is none of this feed."""
    violations = {"resume_token": problem}
    return ResumeTokenInvalid(
        f"resume_token: {problem}", reason="RESUME_TOKEN_INVALID", violations=violations
    )


def too_large(size: int, limit: int) -> TooLarge:
    """The request is larger than allowed."""
    text = f"the request has {size} bytes, at most {limit} are allowed"
    return TooLarge(text, reason="REQUEST_TOO_LARGE", metadata={"size": str(size), "limit": str(limit)})


def unknown_token() -> Unauthenticated:
    """The service never gave such a token, or has revoked it."""
    return Unauthenticated("the signature of the access token is wrong", reason="TOKEN_INVALID")


def token_expired() -> Unauthenticated:
    """The time of the token is over."""
    return Unauthenticated("the access token has expired; get a new one", reason="TOKEN_EXPIRED")


def wrong_role(role: str, allowed: str) -> PermissionDenied:
    """The method is for the other kind of token."""
    text = f"this method is for a {allowed}, and the access token is a {role}'s"
    return PermissionDenied(text, reason="ROLE_NOT_ALLOWED", metadata={"allowed": allowed})


def scope_missing(role: str, scope: str) -> PermissionDenied:
    """The token lacks a scope."""
    text = f"a {role} token needs the scope {scope} for this"
    return PermissionDenied(text, reason="SCOPE_MISSING", metadata={"scope": scope})


def user_mismatch() -> PermissionDenied:
    """A device named another user than its token's."""
    return PermissionDenied("user_id must be empty or the user of the access token", reason="USER_MISMATCH")


def not_creator(creator: str) -> PermissionDenied:
    """The other role created the notification."""
    text = f"the {creator} created this notification and alone may change its content"
    return PermissionDenied(text, reason="NOT_CREATOR", metadata={"creator": creator})


def no_notification() -> NotFound:
    """It never was, it is gone, or it is someone else's."""
    text = "there is no such notification in this feed, or it is gone"
    return NotFound(text, reason="NOTIFICATION_NOT_FOUND")


def no_endpoint() -> NotFound:
    """The user has no such endpoint."""
    text = "the user has no such endpoint; RegisterEndpoint or Subscribe makes it"
    return NotFound(text, reason="ENDPOINT_NOT_FOUND")


def endpoint_deleted() -> EndpointDeleted:
    """The endpoint was deleted."""
    text = "the endpoint was deleted; register under a new endpoint_id"
    return EndpointDeleted(text, reason="ENDPOINT_DELETED")


def platform_fixed(name: str) -> PlatformFixed:
    """The platform is another than the registered one."""
    text = f"the endpoint is registered for {name} and cannot change"
    return PlatformFixed(text, reason="PLATFORM_FIXED", metadata={"platform": f"PLATFORM_{name}"})


def key_conflict(id_: str) -> KeyConflict:
    """A live notification has the key and other content."""
    text = (
        "a live notification has this app_notification_id and other content; "
        "send with CONFLICT_POLICY_REPLACE to rewrite it"
    )
    return KeyConflict(text, reason="KEY_CONFLICT", metadata={"notification_id": id_})


def revision_mismatch(current: int, expected: int) -> RevisionMismatch:
    """The notification is at another revision than expected."""
    text = f"the notification is at revision {current}, not at {expected}; read it again"
    return RevisionMismatch(text, reason="REVISION_MISMATCH", metadata={"revision": str(current)})


def quota_exceeded(reason: str, text: str, limit: int) -> QuotaExceeded:
    """As much is there as may be."""
    return QuotaExceeded(text, reason=reason, metadata={"limit": str(limit)})


def connection_lost() -> Unavailable:
    """The network broke, which the service cannot explain."""
    return Unavailable("the connection was lost")


def stream_end(reason: str, retry_delay: float) -> UnisonoError:
    """The error of a stream after a Goodbye with this reason."""
    if reason in COME_BACK:
        text = f"the stream ended ({reason.lower().replace('_', ' ')}); come back"
        return Unavailable(text, reason=reason, retry_delay=retry_delay)
    if reason == "TOKEN_EXPIRED":
        return Unauthenticated("the access token expired; come back with a new one", reason=reason)
    if reason == "SUPERSEDED":
        return Superseded("a newer stream of the same endpoint took over", reason=reason)
    return EndpointDeleted("the endpoint was deleted", reason=reason, code=NotFound.default_code)


def batch_item_error(error: UnisonoError) -> BatchItemError:
    """The same, for one item of a batch."""
    number: int = error.code.value[0]
    return BatchItemError(code=number, message=error.message, details=map(_packed, _details(error)))


def _details(error: UnisonoError) -> list[Message]:
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain="unisono", metadata=error.metadata)
    if not error.violations:
        return [info]
    violation = error_details_pb2.BadRequest.FieldViolation
    found = [violation(field=field, description=text) for field, text in error.violations.items()]
    return [info, error_details_pb2.BadRequest(field_violations=found)]


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
