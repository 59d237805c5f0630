"""Makes calls with one answer on connections of `tests.support.http2`, and records them in a history."""

import asyncio

from google.protobuf.message import Message

from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection
from unisono.client import Method
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify import history
from unisono.verify.history import Principal
from unisono.verify.recording import Recorder, Request, Response

SEND = Method(
    "NotificationService", "SendNotification", pb.SendNotificationRequest, pb.SendNotificationResponse
)
ACKNOWLEDGE = Method("FeedService", "Acknowledge", feed_pb.AcknowledgeRequest, feed_pb.AcknowledgeResponse)
GET_FEED = Method("FeedService", "GetFeed", feed_pb.GetFeedRequest, feed_pb.GetFeedResponse)
LIST_ENDPOINTS = Method(
    "EndpointService", "ListEndpoints", endpoint_pb.ListEndpointsRequest, endpoint_pb.ListEndpointsResponse
)


class CallFailed(Exception):
    """A call was not answered OK. `status` is how it ended."""

    def __init__(self, method: str, status: Status) -> None:
        super().__init__(f"{method}: {status.code} {status.reason}")
        self.status = status


class RecordedCaller:
    """Makes calls with the token of one principal, and records them."""

    def __init__(self, recorder: Recorder, principal: Principal, token: str) -> None:
        self.principal = principal
        self.token = token
        self._recorder = recorder

    async def call(
        self, connection: Connection, method: Method[Request, Response], request: Request
    ) -> Response:
        """Make a call, and return its answer. Raises `CallFailed`."""
        began = self._recorder.clock()
        answers: list[bytes] = []
        ended: asyncio.Future[Status] = asyncio.get_running_loop().create_future()

        def end(status: Status) -> None:
            # Whoever waits for it may have been cancelled.
            if not ended.done():
                ended.set_result(status)

        connection.ask(method.path, self.token, request.SerializeToString(), Call(answers.append, end))
        status = await ended
        answer = method.response.FromString(answers[0]) if answers else None
        self._record(method.name, request, began, status, answer)
        if answer is None or status.code != history.OK:
            raise CallFailed(method.name, status)
        return answer

    def _record(
        self, method: str, request: Message, began: float, status: Status, answer: Message | None
    ) -> None:
        call = history.Call(
            principal=self.principal,
            method=method,
            request=request,
            began=began,
            ended=self._recorder.clock(),
            code=status.code,
            reason=status.reason,
            answer=answer,
        )
        self._recorder.history.calls.append(call)
