"""Every name that `unisono.client` promises, in one place."""

from unisono.client._calls import Filter, Patch
from unisono.client._changes import Changes
from unisono.client._connection import create_transport
from unisono.client._device.blocking import BlockingDevice
from unisono.client._device.blocking_events import BlockingEvents
from unisono.client._device.carry_over import carry_over
from unisono.client._device.device import Device
from unisono.client._device.events import Events
from unisono.client._device.state import Status
from unisono.client._device.storage import FileStorage, MemoryStorage, Storage
from unisono.client._device.timing import Timing
from unisono.client._drafts import Content, Draft, draft
from unisono.client._errors import (
    DeadlineExceeded,
    EndpointDeleted,
    FailedPrecondition,
    FeedBarred,
    FeedDeleted,
    InternalError,
    InvalidRequest,
    KeyConflict,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    PlatformFixed,
    QuotaExceeded,
    RateLimited,
    RequestIncomplete,
    ResumeTokenInvalid,
    RevisionMismatch,
    RevisionOutOfRange,
    ServerTooOld,
    StorageFailed,
    Superseded,
    TlsFailed,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnisonoError,
)
from unisono.client._model import (
    Action,
    BodyFormat,
    Change,
    ChangeType,
    Endpoint,
    Event,
    Feed,
    Notification,
    Page,
    Platform,
    Priority,
    ReadState,
    RemovedNotification,
    SenderRole,
    StartPosition,
    UserActionState,
)
from unisono.client._publisher.blocking import BlockingPublisher
from unisono.client._publisher.blocking_changes import BlockingChanges
from unisono.client._publisher.publisher import Publisher
from unisono.client._refs import Key
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult, SendResult
from unisono.client._selections import Everything, Group, State
from unisono.client._status import from_rpc_error
from unisono.client._token_signer import TokenSigner
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.channel import bearer, create_channel
from unisono.client._wire.methods import Method
from unisono.client._wire.retry import Backoff
from unisono.client._wire.transport import Transport

__all__ = [
    "Action",
    "Backoff",
    "BlockingChanges",
    "BlockingDevice",
    "BlockingEvents",
    "BlockingPublisher",
    "BodyFormat",
    "Change",
    "ChangeType",
    "Changes",
    "ConnectionOptions",
    "Content",
    "DeadlineExceeded",
    "DeleteManyResult",
    "DeleteResult",
    "Device",
    "Draft",
    "Endpoint",
    "EndpointDeleted",
    "Event",
    "Events",
    "Everything",
    "FailedPrecondition",
    "Feed",
    "FeedBarred",
    "FeedDeleted",
    "FileStorage",
    "Filter",
    "Group",
    "InternalError",
    "InvalidRequest",
    "Key",
    "KeyConflict",
    "MarkResult",
    "MemoryStorage",
    "Method",
    "NotFound",
    "Notification",
    "OutcomeUnknown",
    "Page",
    "Patch",
    "PermissionDenied",
    "Platform",
    "PlatformFixed",
    "Priority",
    "Publisher",
    "QuotaExceeded",
    "RateLimited",
    "ReadState",
    "RemovedNotification",
    "RequestIncomplete",
    "ResumeTokenInvalid",
    "RevisionMismatch",
    "RevisionOutOfRange",
    "SendResult",
    "SenderRole",
    "ServerTooOld",
    "StartPosition",
    "State",
    "Status",
    "Storage",
    "StorageFailed",
    "Superseded",
    "Timing",
    "TlsFailed",
    "TokenSigner",
    "TooLarge",
    "Transport",
    "Unauthenticated",
    "Unavailable",
    "UnisonoError",
    "UserActionState",
    "bearer",
    "carry_over",
    "create_channel",
    "create_transport",
    "draft",
    "from_rpc_error",
]
