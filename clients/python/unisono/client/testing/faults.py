"""The faults that a test plans for calls of the service."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Final

from unisono.client import _errors
from unisono.client._errors import UnisonoError
from unisono.client.testing import errors

#: What the service says where nothing else is planned. An error without a reason would be of something on the
#: way to it, which the SDK does not believe.
_REASONS: Final[Mapping[type[UnisonoError], str]] = {
    _errors.InvalidRequest: "INVALID_REQUEST",
    _errors.TooLarge: "REQUEST_TOO_LARGE",
    _errors.ResumeTokenInvalid: "RESUME_TOKEN_INVALID",
    _errors.Unauthenticated: "TOKEN_INVALID",
    _errors.PermissionDenied: "SCOPE_MISSING",
    _errors.NotFound: "NOTIFICATION_NOT_FOUND",
    _errors.KeyConflict: "KEY_CONFLICT",
    _errors.RevisionMismatch: "REVISION_MISMATCH",
    _errors.EndpointDeleted: "ENDPOINT_DELETED",
    _errors.FeedBarred: "FEED_BARRED",
    _errors.PlatformFixed: "PLATFORM_FIXED",
    _errors.RevisionOutOfRange: "REVISION_OUT_OF_RANGE",
    _errors.QuotaExceeded: "LIVE_NOTIFICATIONS_EXCEEDED",
    _errors.Superseded: "SUPERSEDED",
    _errors.InternalError: "INTERNAL",
}


def as_service_says(error: UnisonoError) -> UnisonoError:
    """Return the error with the reason that the service has for its kind, if it has none of its own."""
    reason = _REASONS.get(type(error), "")
    if error.reason or not reason:
        return error
    said = copy(error)
    said.reason = reason
    return said


@dataclass(slots=True, eq=False)
class Fault:
    """An error for the next `times` calls of a method (empty: of any), before or after they take effect."""

    error: UnisonoError
    method: str
    times: int
    applied: bool


class Faults:
    """The faults that are still to be raised. While `offline` is true, every call fails."""

    def __init__(self) -> None:
        self.offline = False
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Plan a fault, after those that are planned already."""
        self._planned.append(fault)

    def check(self, method: str, *, applied: bool = False) -> None:
        """Raise the fault that is planned for a call, if any: before, or with `applied` after it took effect.

        Raises `Unavailable` while `offline`.
        """
        if self.offline:
            raise errors.connection_lost()
        for fault in self._planned:
            if fault.method in ("", method) and fault.applied is applied:
                fault.times -= 1
                if not fault.times:
                    self._planned.remove(fault)
                raise fault.error
