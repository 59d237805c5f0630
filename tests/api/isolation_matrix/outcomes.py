"""What a call comes to, as it was on the wire, so that two of them can be compared byte by byte."""

from dataclasses import dataclass
from typing import Final

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from tests.support.methods import Method
from tests.support.rpc_errors import DETAILS_KEY
from unisono.v1.feed_service_pb2 import SubscribeResponse

Metadata = tuple[tuple[str, str], ...]

REQUEST_ID: Final = "x-request-id"

#: Fields that are new in each answer, or say who asked: what a caller gets of its own feed differs by these;
#: and what a server counts.
_NEW_EACH_TIME: Final = frozenset(
    (
        *("id", "session_id", "resume_token", "feed_epoch", "user_id"),
        *("store", "commits", "methods"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The status, the trailing metadata without the request id, and the answers of a call.

    `answers` are as they were received; an open stream was left at its first complete point.
    """

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]
    answers: tuple[bytes, ...]

    @property
    def reason(self) -> str:
        """Return the reason of a refusal, "OK" where the call was answered."""
        if self.code is grpc.StatusCode.OK:
            return "OK"
        status = status_pb2.Status.FromString(dict(self.trailers)[DETAILS_KEY])  # type: ignore[arg-type]
        info = error_details_pb2.ErrorInfo()
        status.details[0].Unpack(info)
        return info.reason

    def comparable(self, method: Method) -> tuple[object, ...]:
        """Return all of it, but what is new in each answer of a call that was not refused."""
        return self.code, self.message, self.trailers, [_timeless(method, raw) for raw in self.answers]


async def outcome_of(channel: grpc.aio.Channel, method: Method, body: bytes, metadata: Metadata) -> Outcome:
    """Make a call with these bytes, and return what it comes to."""
    if method.server_streaming:
        return await _outcome_of_stream(channel, method, body, metadata)
    unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method.path)
    call = unary(body, metadata=metadata)
    try:
        return await _outcome(call, (await call,))
    except grpc.aio.AioRpcError:
        return await _outcome(call, ())


async def _outcome_of_stream(
    channel: grpc.aio.Channel, method: Method, body: bytes, metadata: Metadata
) -> Outcome:
    streaming: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(method.path)
    call = streaming(body, metadata=metadata)
    answers: list[bytes] = []
    try:
        async for answer in call:
            answers.append(answer)
            if method.name == "Subscribe" and SubscribeResponse.FromString(answer).complete:
                call.cancel()
                return Outcome(code=grpc.StatusCode.OK, message="", trailers=(), answers=tuple(answers))
    except grpc.aio.AioRpcError:
        pass
    return await _outcome(call, tuple(answers))


async def _outcome(call: grpc.aio.Call, answers: tuple[bytes, ...]) -> Outcome:
    trailers = [(key, value) for key, value in await call.trailing_metadata() if key != REQUEST_ID]
    return Outcome(
        code=await call.code(),
        message=await call.details() or "",
        trailers=tuple(sorted(trailers)),
        answers=answers,
    )


def _timeless(method: Method, raw: bytes) -> object:
    if method.descriptor is None:
        return raw
    answer = GetMessageClass(method.descriptor.output_type).FromString(raw)
    _clear(answer)
    return answer


def _clear(message: Message) -> None:
    for field, value in message.ListFields():
        if field.name in _NEW_EACH_TIME:
            message.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE:
            for member in value if field.is_repeated else (value,):
                _clear(member)
