"""Checks the errors of calls that the service refuses."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from _pytest.mark.structures import ParameterSet
from google.rpc import error_details_pb2, status_pb2

from unisono.client import UnisonoError, from_rpc_error
from unisono.v1.error_reason_pb2 import ErrorReason

DETAILS_KEY = "grpc-status-details-bin"


@dataclass(kw_only=True)
class RpcFailure:
    """The error of a call; `error` is set once it was raised."""

    error: grpc.aio.AioRpcError = field(init=False)

    @property
    def explanation(self) -> UnisonoError:
        return from_rpc_error(self.error)

    @property
    def metadata(self) -> Mapping[str, str]:
        return self.explanation.metadata

    @property
    def violations(self) -> Mapping[str, str]:
        return self.explanation.violations

    @property
    def status(self) -> tuple[grpc.StatusCode, str | None, bytes]:
        """Return code, message and serialized details, as they were received."""
        return self.error.code(), self.error.details(), details(self.error)


@contextmanager
def raises_status(code: str, reason: str, *fields: str) -> Iterator[RpcFailure]:
    """Assert that the call inside fails with this code, this reason, and violations of just these fields."""
    failure = RpcFailure()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield failure
    failure.error = raised.value
    explanation = failure.explanation
    assert (explanation.code.name, explanation.reason) == (code, reason), explanation
    assert sorted(explanation.violations) == sorted(fields), explanation
    assert_typed(failure.error)


def invalid(*fields: str, reason: str = "INVALID_REQUEST") -> AbstractContextManager[RpcFailure]:
    """Assert that the call inside fails with INVALID_ARGUMENT and violations of just these fields."""
    return raises_status("INVALID_ARGUMENT", reason, *fields)


def case(name: str, *fields: str, **request: Any) -> ParameterSet:
    """Return a parameter set: the fields of a bad request, and the names of those that are bad."""
    return pytest.param(request, fields, id=name)


def details(error: grpc.aio.AioRpcError) -> bytes:
    """Return the serialized google.rpc.Status of an error of the service."""
    found = [value for key, value in error.trailing_metadata() or () if key == DETAILS_KEY]
    (value,) = found
    assert isinstance(value, bytes)
    return value


def assert_typed(error: grpc.aio.AioRpcError) -> None:
    """Assert that an error carries a google.rpc.Status that repeats its code and message, with details."""
    status = status_pb2.Status.FromString(details(error))
    assert (status.code, status.message) == (error.code().value[0], error.details())
    assert_details(status)


def assert_details(status: status_pb2.Status) -> None:
    """Assert that a status has an ErrorInfo with a documented reason, and the details that its code needs.

    They are RetryInfo for UNAVAILABLE and RATE_LIMITED, and QuotaFailure for RATE_LIMITED and reasons that
    end with _EXCEEDED.
    """
    info = error_details_pb2.ErrorInfo()
    kinds = [detail.TypeName() for detail in status.details]
    assert status.message
    assert kinds[0] == "google.rpc.ErrorInfo"
    assert status.details[0].Unpack(info)
    assert info.domain == "unisono"
    assert f"ERROR_REASON_{info.reason}" in ErrorReason.DESCRIPTOR.values_by_name
    limited = info.reason == "RATE_LIMITED"
    unavailable = status.code == grpc.StatusCode.UNAVAILABLE.value[0]
    assert ("google.rpc.RetryInfo" in kinds) == (unavailable or limited)
    assert ("google.rpc.QuotaFailure" in kinds) == (info.reason.endswith("_EXCEEDED") or limited)
