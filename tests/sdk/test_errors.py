"""The exceptions: the tree that is drawn is the tree that is, and all errors have their place in it."""

import inspect
import re
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from unisono import client
from unisono.client import _errors
from unisono.client._status import error_of
from unisono.v1.error_reason_pb2 import ErrorReason

Code = grpc.StatusCode
DRAWN = re.compile(r"^ *(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+)")

#: What the proto says of each reason: the code that it comes with, and what the SDK makes of it.
REASONS = {
    "INVALID_REQUEST": (Code.INVALID_ARGUMENT, client.InvalidRequest),
    "REQUEST_MALFORMED": (Code.INVALID_ARGUMENT, client.InvalidRequest),
    "REQUEST_TOO_LARGE": (Code.RESOURCE_EXHAUSTED, client.TooLarge),
    "RESUME_TOKEN_INVALID": (Code.INVALID_ARGUMENT, client.ResumeTokenInvalid),
    "TOKEN_MISSING": (Code.UNAUTHENTICATED, client.Unauthenticated),
    "TOKEN_INVALID": (Code.UNAUTHENTICATED, client.Unauthenticated),
    "TOKEN_EXPIRED": (Code.UNAUTHENTICATED, client.Unauthenticated),
    "APP_UNKNOWN": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "SCOPE_MISSING": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "ROLE_NOT_ALLOWED": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "USER_MISMATCH": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "ORIGIN_NOT_ALLOWED": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "NOT_CREATOR": (Code.PERMISSION_DENIED, client.PermissionDenied),
    "NOTIFICATION_NOT_FOUND": (Code.NOT_FOUND, client.NotFound),
    "ENDPOINT_NOT_FOUND": (Code.NOT_FOUND, client.NotFound),
    "ENDPOINT_DELETED": (Code.FAILED_PRECONDITION, client.EndpointDeleted),
    "PLATFORM_FIXED": (Code.FAILED_PRECONDITION, client.PlatformFixed),
    "KEY_CONFLICT": (Code.ALREADY_EXISTS, client.KeyConflict),
    "REVISION_MISMATCH": (Code.ABORTED, client.RevisionMismatch),
    "LIVE_NOTIFICATIONS_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "OPEN_STREAMS_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "ENDPOINTS_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "OVERLOADED": (Code.UNAVAILABLE, client.Unavailable),
    "STORE_UNAVAILABLE": (Code.UNAVAILABLE, client.Unavailable),
    "OUTCOME_UNKNOWN": (Code.UNAVAILABLE, client.OutcomeUnknown),
    "DRAINING": (Code.UNAVAILABLE, client.Unavailable),
    "SESSION_AGE": (Code.UNAVAILABLE, client.Unavailable),
    "RESYNC": (Code.UNAVAILABLE, client.Unavailable),
    "SUPERSEDED": (Code.ABORTED, client.Superseded),
    "INTERNAL": (Code.INTERNAL, client.InternalError),
    "RATE_LIMITED": (Code.RESOURCE_EXHAUSTED, client.RateLimited),
    "TARGET_POLICIES_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "FEED_BYTES_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "FEED_BARRED": (Code.FAILED_PRECONDITION, client.FeedBarred),
    "FEED_DELETED": (Code.UNAVAILABLE, client.FeedDeleted),
    "ISSUER_UNAVAILABLE": (Code.UNAVAILABLE, client.Unavailable),
    "BARS_EXCEEDED": (Code.RESOURCE_EXHAUSTED, client.QuotaExceeded),
    "REQUEST_INCOMPLETE": (Code.DEADLINE_EXCEEDED, client.RequestIncomplete),
    "REVISION_OUT_OF_RANGE": (Code.FAILED_PRECONDITION, client.RevisionOutOfRange),
    "STORE_FULL": (Code.UNAVAILABLE, client.Unavailable),
}

#: What is made of a code without a reason: an error of the transport.
CODES = {
    Code.CANCELLED: client.Unavailable,
    Code.UNKNOWN: client.UnisonoError,
    Code.INVALID_ARGUMENT: client.InvalidRequest,
    Code.DEADLINE_EXCEEDED: client.DeadlineExceeded,
    Code.NOT_FOUND: client.NotFound,
    Code.ALREADY_EXISTS: client.KeyConflict,
    Code.PERMISSION_DENIED: client.PermissionDenied,
    Code.RESOURCE_EXHAUSTED: client.QuotaExceeded,
    Code.FAILED_PRECONDITION: client.FailedPrecondition,
    Code.ABORTED: client.RevisionMismatch,
    Code.OUT_OF_RANGE: client.UnisonoError,
    Code.UNIMPLEMENTED: client.ServerTooOld,
    Code.INTERNAL: client.InternalError,
    Code.UNAVAILABLE: client.Unavailable,
    Code.DATA_LOSS: client.UnisonoError,
    Code.UNAUTHENTICATED: client.Unauthenticated,
}


def packed(detail: Message) -> Any:
    found = Any()
    found.Pack(detail)
    return found


def test_every_reason_of_the_proto_has_its_place() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118  no mapping

    assert names - {"UNSPECIFIED"} == set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_is_the_class_that_is_documented(reason: str) -> None:
    code, kind = REASONS[reason]
    info = error_details_pb2.ErrorInfo(reason=reason, domain="unisono", metadata={"limit": "7"})

    error = error_of(code, "what is wrong", [packed(info)])

    assert type(error) is kind
    assert (error.code, error.reason, error.message, error.metadata) == (
        code,
        reason,
        "what is wrong",
        {"limit": "7"},
    )
    assert str(error) == "what is wrong"


@pytest.mark.parametrize("code", [code for code in Code if code is not Code.OK], ids=lambda code: code.name)
def test_every_code_has_its_place(code: grpc.StatusCode) -> None:
    error = error_of(code, "", [])

    assert type(error) is CODES[code]
    assert (error.code, error.reason, error.retry_delay) == (code, "", None)
    assert str(error) == code.name


def test_a_reason_of_a_later_version_is_what_its_code_is() -> None:
    info = error_details_pb2.ErrorInfo(reason="SOMETHING_NEW", domain="unisono")

    error = error_of(Code.NOT_FOUND, "", [packed(info)])

    assert (type(error), error.reason) == (client.NotFound, "SOMETHING_NEW")


def test_what_the_transport_finds_too_large_is_too_large() -> None:
    text = "SERVER: Received message larger than max (9437200 vs. 8388608)"

    assert type(error_of(Code.RESOURCE_EXHAUSTED, text, [])) is client.TooLarge


@pytest.mark.parametrize(
    ("seconds", "delay"), [(0, 0.0), (2, 2.0), (3600, 3600.0), (-5, 0.0), (-(10**11), 0.0), (10**11, 3600.0)]
)
def test_nobody_waits_for_ever_or_not_at_all_because_a_server_says_so(seconds: int, delay: float) -> None:
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.seconds = seconds

    assert error_of(Code.UNAVAILABLE, "", [packed(retry)]).retry_delay == delay


def drawn() -> Iterator[tuple[int, str]]:
    """The names of the drawing, each with how deep it is."""
    assert client.UnisonoError.__doc__ is not None
    for line in inspect.cleandoc(client.UnisonoError.__doc__).splitlines():
        found = DRAWN.match(line)
        if found and line.startswith("    "):
            yield len(found["indent"]) // 4, found["name"]


def real(kind: type[client.UnisonoError] = client.UnisonoError, depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == _errors.__name__:
            yield from real(child, depth + 1)


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    assert list(drawn()) == list(real())


def test_the_tree_is_public_and_each_kind_is_documented() -> None:
    for _, name in real():
        kind = getattr(client, name)
        assert name in dir(client)
        assert kind.__doc__
        assert kind("text").code is kind.default_code
