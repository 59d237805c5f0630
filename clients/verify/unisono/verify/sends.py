"""Finds the sends of a history, whether alone or in a batch: all of them, or those that were answered OK."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Call, History

#: gRPC's status code ALREADY_EXISTS, which a send has for other content alone.
_EXISTS: Final = 6
_EXISTS_NAME: Final = "ALREADY_EXISTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One send that was answered OK, with its request and result, and the call that it was part of."""

    call: Call
    request: pb.SendNotificationRequest
    result: pb.SendResult

    @property
    def user_id(self) -> str:
        """Return the user who was sent to: the token's, or for an app the one in the request."""
        return self.call.principal.user_id or self.request.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One send, whatever became of it. `conflicts`: it was refused, as its key is that of other content."""

    call: Call
    request: pb.SendNotificationRequest
    conflicts: bool


def attempts_of(history: History) -> Iterator[Attempt]:
    """Yield all sends, in the order of the history's calls."""
    for call in history.calls:
        results = call.answer.results if isinstance(call.answer, pb.BatchSendNotificationsResponse) else ()
        bad = {index for index, result in enumerate(results) if result.error.code == _EXISTS}
        for index, request in enumerate(sendings_in(call.request)):
            yield Attempt(call=call, request=request, conflicts=index in bad or call.code == _EXISTS_NAME)


def sends_of(history: History) -> Iterator[Sent]:
    """Yield all sends that were answered OK, in the order of the history's calls."""
    for call in history.calls:
        yield from sends_in(call)


def sends_in(call: Call) -> Iterator[Sent]:
    """Yield the sends of one call that were answered OK, in their order; none for calls that do not send."""
    match answer := call.answer:
        case pb.SendNotificationResponse():
            results = [pb.BatchSendResult(result=answer.result)]
        case pb.BatchSendNotificationsResponse():
            results = list(answer.results)
        case _:
            return
    for request, outcome in zip(sendings_in(call.request), results, strict=True):
        if outcome.HasField("result"):
            yield Sent(call=call, request=request, result=outcome.result)


def sendings_in(request: Message) -> Iterator[pb.SendNotificationRequest]:
    """Yield what a request asks to send, in its order; nothing for a request that does not send."""
    if isinstance(request, pb.SendNotificationRequest):
        yield request
    if isinstance(request, pb.BatchSendNotificationsRequest):
        yield from request.requests
