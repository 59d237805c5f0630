"""Makes the errors of the service, as the exceptions that the SDK raises for them."""

from collections.abc import Sequence

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from unisono.client._errors import (
    EndpointDeleted,
    FeedBarred,
    FeedDeleted,
    InvalidRequest,
    KeyConflict,
    NotFound,
    PermissionDenied,
    PlatformFixed,
    QuotaExceeded,
    ResumeTokenInvalid,
    RevisionMismatch,
    RevisionOutOfRange,
    Superseded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client.testing.times import as_datetime
from unisono.v1.notification_service_pb2 import BatchItemError

#: The reasons of a Goodbye after which a device reconnects, after `retry_delay`.
COME_BACK = ("DRAINING", "SESSION_AGE", "RESYNC", "FEED_DELETED")

#: How many characters a message has for bad fields.
_NAMED = 800


def invalid(found: Sequence[tuple[str, str]], more: int = 0) -> InvalidRequest:
    """Return the error for bad fields of a request: pairs of a field and its problem, and how many more.

    The message names at least the first, more of them up to about 800 characters, and counts the others;
    `violations` has all pairs of `found`.
    """
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
    """Return the error for a resume token that was not given out for this feed; `problem` says why."""
    violations = {"resume_token": problem}
    return ResumeTokenInvalid(
        f"resume_token: {problem}", reason="RESUME_TOKEN_INVALID", violations=violations
    )


def too_large(size: int, limit: int) -> TooLarge:
    """Return the error for a request of `size` bytes where `limit` bytes are allowed."""
    text = f"the request has {size} bytes, at most {limit} are allowed"
    return TooLarge(text, reason="REQUEST_TOO_LARGE", metadata={"size": str(size), "limit": str(limit)})


def unknown_token(token: str) -> Unauthenticated:
    """Return the error for an access token that is empty, was never issued, or was revoked."""
    if not token:
        return Unauthenticated("no access token", reason="TOKEN_MISSING")
    return Unauthenticated("the signature of the access token is wrong", reason="TOKEN_INVALID")


def token_expired() -> Unauthenticated:
    """Return the error for an access token that has expired."""
    return Unauthenticated("the access token has expired; get a new one", reason="TOKEN_EXPIRED")


def wrong_role(role: str, allowed: str) -> PermissionDenied:
    """Return the error for a method that only tokens of the role `allowed` may call; this one is `role`."""
    text = f"this method is for a {allowed}, and the access token is a {role}'s"
    return PermissionDenied(text, reason="ROLE_NOT_ALLOWED", metadata={"allowed": allowed})


def scope_missing(role: str, scope: str) -> PermissionDenied:
    """Return the error for an access token that lacks a scope."""
    text = f"a {role} token needs the scope {scope} for this"
    return PermissionDenied(text, reason="SCOPE_MISSING", metadata={"scope": scope})


def user_mismatch() -> PermissionDenied:
    """Return the error for a device that names another user than that of its token."""
    return PermissionDenied("user_id must be empty or the user of the access token", reason="USER_MISMATCH")


def not_creator(creator: str) -> PermissionDenied:
    """Return the error for a change of content by another role than the one that created it."""
    text = f"the {creator} created this notification and alone may change its content"
    return PermissionDenied(text, reason="NOT_CREATOR", metadata={"creator": creator})


def no_notification() -> NotFound:
    """Return the error for a notification that never was, is gone, or is in another feed (Isolated)."""
    text = "there is no such notification in this feed, or it is gone"
    return NotFound(text, reason="NOTIFICATION_NOT_FOUND")


def no_endpoint() -> NotFound:
    """Return the error for an endpoint that the user does not have."""
    text = "the user has no such endpoint; RegisterEndpoint or Subscribe makes it"
    return NotFound(text, reason="ENDPOINT_NOT_FOUND")


def endpoint_deleted() -> EndpointDeleted:
    """Return the error for a call that names a deleted endpoint."""
    text = (
        "the endpoint was deleted; discard what it held, and register under a new endpoint_id, or under this "
        "one without a resume_token where it was deleted with may_return"
    )
    return EndpointDeleted(text, reason="ENDPOINT_DELETED")


def feed_barred(until: int) -> FeedBarred:
    """Return the error for a user who was deleted, and is barred until a time (ms since 1970)."""
    time = as_datetime(until).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = "the user was deleted, and is barred for a while; see barred_until"
    return FeedBarred(text, reason="FEED_BARRED", metadata={"barred_until": time})


def platform_fixed(name: str) -> PlatformFixed:
    """Return the error for an endpoint that is registered for another platform, called `name`."""
    text = f"the endpoint is registered for {name} and cannot change"
    return PlatformFixed(text, reason="PLATFORM_FIXED", metadata={"platform": f"DEVICE_PLATFORM_{name}"})


def key_conflict(id_: str) -> KeyConflict:
    """Return the error for a send whose key a live notification (`id_`) has, with other content."""
    text = (
        "a live notification has this app_notification_id and other content; "
        "send with CONFLICT_POLICY_REPLACE to rewrite it"
    )
    return KeyConflict(text, reason="KEY_CONFLICT", metadata={"notification_id": id_})


def revision_mismatch(current: int, expected: int) -> RevisionMismatch:
    """Return the error for a notification that is not at the expected revision."""
    text = f"the notification is at revision {current}, not at {expected}; read it again"
    return RevisionMismatch(text, reason="REVISION_MISMATCH", metadata={"revision": str(current)})


def revision_out_of_range(after: int, floor: int, revision: int) -> RevisionOutOfRange:
    """Return the error for a list of changes that would lack removals, or is of an earlier feed."""
    text = (
        f"changes after revision {after} cannot be listed, only after {floor} to {revision}; "
        "list all anew, with changed_after 0"
    )
    metadata = {"floor": str(floor), "revision": str(revision)}
    return RevisionOutOfRange(text, reason="REVISION_OUT_OF_RANGE", metadata=metadata)


def quota_exceeded(reason: str, text: str, limit: int) -> QuotaExceeded:
    """Return the error for a limit of a user or feed that is reached; `reason` is a name of `ErrorReason`."""
    return QuotaExceeded(text, reason=reason, metadata={"limit": str(limit)})


def connection_lost() -> Unavailable:
    """Return the error for a broken connection, which has no reason: the service did not raise it."""
    return Unavailable("the connection was lost")


def store_full() -> Unavailable:
    """Return the error for a change that has no room: the disk of the service is full."""
    text = "the disk of the server is full, so that nothing can be written"
    return Unavailable(text, reason="STORE_FULL", retry_delay=1.0)


def stream_end(reason: str, retry_delay: float) -> UnisonoError:
    """Return the error that follows a Goodbye with this reason. `retry_delay` is in seconds."""
    if reason == "FEED_DELETED":
        text = "the stream ended (feed deleted); come back"
        return FeedDeleted(text, reason=reason, retry_delay=retry_delay)
    if reason in COME_BACK:
        text = f"the stream ended ({reason.lower().replace('_', ' ')}); come back"
        return Unavailable(text, reason=reason, retry_delay=retry_delay)
    if reason == "TOKEN_EXPIRED":
        return Unauthenticated("the access token expired; come back with a new one", reason=reason)
    if reason == "SUPERSEDED":
        return Superseded("a newer stream of the same endpoint took over", reason=reason)
    return EndpointDeleted("the endpoint was deleted", reason=reason, code=NotFound.default_code)


def batch_item_error(error: UnisonoError) -> BatchItemError:
    """Return an error as the outcome of one item of a batch: its code, message and details."""
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
