"""What clients recorded: every call and its outcome, every message of every stream, what was done to servers.

A history is data: whoever makes one, a test, a run against a deployment or an editor, it is judged alike.
"""

from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import Message

from unisono.v1 import feed_service_pb2 as feed_pb

#: The outcome of a call that was answered, in gRPC's word.
OK: Final = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whose token a call carried: an app's, or that of a user, on a device if it has an endpoint_id.

    `expire_time` is in seconds since 1970; None when it outlives the history.
    """

    app_id: str
    user_id: str = ""
    expire_time: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call with one answer. Times are in seconds since 1970, on one clock that does not jump.

    `code` is gRPC's, by name; `reason` is that of the service, if it gave one. Without `code` the client
    ended before there was an answer.
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
        """Whether it was answered OK."""
        return self.code == OK and self.answer is not None


@dataclass(frozen=True, slots=True)
class TimedMessage:
    """A message of a stream, and when it came."""

    time: float
    message: feed_pb.SubscribeResponse


@dataclass(slots=True, kw_only=True)
class Stream:
    """One Subscribe call. `ended` is None while it is open, and `code` is empty when the client left."""

    principal: Principal
    request: feed_pb.SubscribeRequest
    began: float
    messages: list[TimedMessage] = field(default_factory=list)
    ended: float | None = None
    code: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """For people: whose, and from when on."""
        return f"{self.principal.user_id}'s {self.request.endpoint_id} from {self.began:.3f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something that was done or measured: SIGTERM, SIGKILL, SERVING; memory, latency, with values."""

    time: float
    name: str
    values: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """All of it; each list in the order of beginning."""

    calls: list[Call] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
