"""The messages of a stream, and the limits of how long it lasts, independent of their encoding."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from unisono.server.core.position import Position
from unisono.server.model.value import value


class MessageKind(Enum):
    """The kind of a message of a stream (proto field SubscribeResponse.message)."""

    WELCOME = "welcome"
    EVENTS = "events"
    SYNCED = "synced"
    HEARTBEAT = "heartbeat"
    GOODBYE = "goodbye"


class GoodbyeReason(Enum):
    """Why the server ends a stream (proto enum GoodbyeReason)."""

    DRAINING = "draining"
    SESSION_AGE = "session age"
    RESYNC = "resync"
    TOKEN_EXPIRED = "token expired"
    SUPERSEDED = "superseded"
    ENDPOINT_DELETED = "endpoint deleted"
    FEED_DELETED = "feed deleted"


@value(frozen=True, slots=True, kw_only=True)
class StreamMessage:
    """One message of a stream, with the position after it.

    `token` is the resume token of that position, `revision` its cursor, and `complete` says whether it is a
    complete point. `unread_count` is that of the last complete point, or of when the stream was opened.
    `events` are encoded. A GOODBYE has a `reason`, and for DRAINING, SESSION_AGE, RESYNC and FEED_DELETED a
    `retry_delay` in seconds. A WELCOME and a HEARTBEAT have the `time` of the server, in milliseconds since
    1970.
    """

    kind: MessageKind
    token: bytes
    revision: int
    complete: bool
    unread_count: int
    events: Sequence[bytes] = ()
    reason: GoodbyeReason | None = None
    retry_delay: float | None = None
    time: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session may be silent (`heartbeat`) and last (`age`), in seconds. `expire_time` is when it
    ends with its access token, a little before that expires, in milliseconds since 1970.
    """

    heartbeat: float
    age: float
    expire_time: int


class Step(NamedTuple):
    """Events to write, and where the device is after them."""

    events: Sequence[bytes]
    position: Position
    unread_count: int
