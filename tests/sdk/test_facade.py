"""What `unisono.client` promises by name: nothing more, nothing less; and enums as in the proto."""

from enum import IntEnum

import pytest
from google.protobuf.descriptor import EnumDescriptor

import unisono.client
from unisono.client import (
    BodyFormat,
    ChangeType,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    StartPosition,
    UserActionState,
)
from unisono.v1 import feed_service_pb2, notification_pb2

FACADE = """
Action Backoff BlockingChanges BlockingDevice BlockingEvents BlockingPublisher BodyFormat Change ChangeType
Changes ConnectionOptions Content DeadlineExceeded DeleteManyResult DeleteResult Device Draft Endpoint
EndpointDeleted Event Events Everything FailedPrecondition Feed FeedBarred FeedDeleted FileStorage Filter
Group InternalError InvalidRequest Key KeyConflict MarkResult MemoryStorage Method NotFound Notification
OutcomeUnknown Page Patch PermissionDenied Platform PlatformFixed Priority Publisher QuotaExceeded
RateLimited ReadState RemovedNotification RequestIncomplete ResumeTokenInvalid RevisionMismatch
RevisionOutOfRange SendResult SenderRole ServerTooOld StartPosition State Status Storage StorageFailed
Superseded Timing TlsFailed TokenSigner TooLarge Transport Unauthenticated Unavailable UnisonoError
UserActionState bearer carry_over create_channel create_transport draft from_rpc_error
"""

ENUMS: list[tuple[type[IntEnum], EnumDescriptor]] = [
    (BodyFormat, notification_pb2.BodyFormat.DESCRIPTOR),
    (ChangeType, feed_service_pb2.ChangeType.DESCRIPTOR),
    (Platform, notification_pb2.DevicePlatform.DESCRIPTOR),
    (Priority, notification_pb2.Priority.DESCRIPTOR),
    (ReadState, notification_pb2.ReadState.DESCRIPTOR),
    (SenderRole, notification_pb2.SenderRole.DESCRIPTOR),
    (StartPosition, feed_service_pb2.StartPosition.DESCRIPTOR),
    (UserActionState, notification_pb2.UserActionState.DESCRIPTOR),
]


def test_the_facade_is_what_was_promised() -> None:
    assert sorted(dir(unisono.client)) == FACADE.split()
    assert all(hasattr(unisono.client, name) for name in dir(unisono.client))


def test_a_name_that_was_not_promised_is_an_error() -> None:
    assert dir(unisono.client) == FACADE.split()
    for name in ("Nonsense", "_facade_", "Connection"):
        with pytest.raises(AttributeError, match=name):
            getattr(unisono.client, name)


def test_everything_public_is_documented() -> None:
    undocumented = [
        name for name in dir(unisono.client) if not getattr(unisono.client, name).__doc__ and name != "Draft"
    ]
    assert undocumented == []


@pytest.mark.parametrize(("enum", "proto"), ENUMS, ids=[enum.__name__ for enum, _ in ENUMS])
def test_an_enum_is_that_of_the_proto(enum: type[IntEnum], proto: EnumDescriptor) -> None:
    prefix = "".join(f"_{c}" if c.isupper() else c.upper() for c in proto.name).lstrip("_")

    assert {f"{prefix}_{member.name}": member.value for member in enum} == {
        value.name: value.number for value in proto.values
    }


@pytest.mark.parametrize("enum", [enum for enum, _ in ENUMS])
def test_a_number_of_a_later_version_reads_as_unspecified(enum: type[IntEnum]) -> None:
    assert enum(99) is enum(0)
    with pytest.raises(ValueError, match="nonsense"):
        enum("nonsense")  # type: ignore[arg-type]  # what a caller may get wrong


def test_no_enum_of_the_proto_that_users_meet_is_left_out() -> None:
    """Those that are left are of the wire alone."""
    files = (feed_service_pb2.DESCRIPTOR, notification_pb2.DESCRIPTOR)
    known = {proto.name for _, proto in ENUMS}

    assert {name for file in files for name in file.enum_types_by_name} - known == {"GoodbyeReason"}
