"""The history that is judged: calls with their outcomes, streams with their messages, rings, annotations.

A history is plain data. One from a test, a run against a deployment or a text editor is judged alike.
"""

from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import Message

from unisono.v1 import feed_service_pb2 as feed_pb

#: The name of gRPC's status code for success.
OK: Final = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a call, by the token: an app, or a user of it where `user_id` is not empty.

    `expire_time` is that of the token, in seconds since 1970; None when it is unknown, or after the history.
    """

    app_id: str
    user_id: str = ""
    expire_time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of a method with one answer.

    Times are in seconds since 1970, on one clock that does not jump. `method` is a name without its
    service. `code` is the name of the gRPC status code, empty when the client ended the call itself.
    `reason` is the name of an `ErrorReason`, empty where the server gave none.
    """

    principal: Principal
    method: str
    request: Message
    began: float
    ended: float
    code: str = OK
    reason: str = ""
    answer: Message | None = None

    @property
    def good(self) -> bool:
        """Return whether the call was answered OK."""
        return self.code == OK and self.answer is not None


@dataclass(frozen=True, slots=True)
class TimedMessage:
    """A message of a stream, and when it was received, in seconds since 1970."""

    time: float
    message: feed_pb.SubscribeResponse


@dataclass(slots=True, kw_only=True)
class Stream:
    """One Subscribe call, with its messages in the order in which they were received.

    Times are in seconds since 1970, on the clock of the calls. `ended` is None while the stream is open.
    `code` and `reason` are as in `Call`; `code` is empty also while the stream is open.
    """

    principal: Principal
    request: feed_pb.SubscribeRequest
    began: float
    messages: list[TimedMessage] = field(default_factory=list)
    ended: float | None = None
    code: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """Return a name for people: user, endpoint and beginning of the stream."""
        return f"{self.principal.user_id}'s {self.request.endpoint_id} from {self.began:.3f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A device of the principal rang for a notification, at a time in seconds since 1970.

    `revision` is that of its last complete point, which is what it shows while it rings.
    """

    principal: Principal
    endpoint_id: str
    time: float
    notification_id: str
    alert_revision: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """The process of a device stood still between two times, in seconds since 1970.

    It was for longer than the device may take for nothing (docs/devices.md, rule 13).
    """

    principal: Principal
    endpoint_id: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something that was done to a server, or measured, at a time in seconds since 1970.

    `name` is for example SIGTERM, SERVING or CUT, or what was measured. With the values `measured` and
    `allowed`, *Bounded* or *Fair* is judged by it.
    """

    time: float
    name: str
    values: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """All that the clients of one run recorded.

    A `Recorder` appends calls when they end, streams when they begin, rings and annotations when they are
    made. The judge needs the annotations in the order of their times; all others may be in any.
    """

    calls: list[Call] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
