"""Everything that was sent and answered OK, whether alone or with others in one call."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import Message

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Call, History


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One send and its result, and the call that it travelled in."""

    call: Call
    request: pb.SendNotificationRequest
    result: pb.SendResult

    @property
    def user_id(self) -> str:
        """Whose feed it went to."""
        return self.call.principal.user_id or self.request.user_id


def sends_of(history: History) -> Iterator[Sent]:
    """All of them, in the order of their calls."""
    for call in history.calls:
        yield from sends_in(call)


def sends_in(call: Call) -> Iterator[Sent]:
    """Those of one call."""
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
    """What a request asks to send, whatever came of it."""
    if isinstance(request, pb.SendNotificationRequest):
        yield request
    if isinstance(request, pb.BatchSendNotificationsRequest):
        yield from request.requests
