"""What a stream says, and how long it may. Knows neither who says it nor how it is written."""

from collections.abc import Sequence
from enum import Enum

from unisono.server.model.value import value


class MessageKind(Enum):
    """What a message of the stream says."""

    WELCOME = "welcome"
    EVENTS = "events"
    SYNCED = "synced"
    HEARTBEAT = "heartbeat"
    GOODBYE = "goodbye"


class GoodbyeReason(Enum):
    """Why a session ends a stream."""

    DRAINING = "draining"
    SESSION_AGE = "session age"
    RESYNC = "resync"
    TOKEN_EXPIRED = "token expired"
    SUPERSEDED = "superseded"
    ENDPOINT_DELETED = "endpoint deleted"


@value(frozen=True, slots=True, kw_only=True)
class StreamMessage:
    """One message, with the position after it. `events` are encoded; `end` comes with GOODBYE."""

    kind: MessageKind
    token: bytes
    revision: int
    complete: bool
    unread_count: int
    events: Sequence[bytes] = ()
    reason: GoodbyeReason | None = None
    retry_delay: float | None = None


@value(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may go on. Seconds, but `expire_time`, which is the token's in milliseconds."""

    heartbeat: float
    age: float
    expire_time: int
