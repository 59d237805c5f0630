"""A scripted service that answers sends, stores each key once, and fails as a test plans."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

import grpc

from tests.support.stub_server import Fault, StubServer
from unisono.v1 import notification_service_pb2 as pb

SENDS = ("SendNotification", "BatchSendNotifications")


class FakeSendService:
    """Answers sends. `stored` are the requests stored, by key, in that order.

    `faults` end the next calls, one each, before anything is stored. `bad` are the errors of single items by
    title, in order. A batch with an item of the group `raised` is refused as malformed. While the `gate` is
    not set, calls wait, and those with a title in `held` until that event is set.
    """

    def __init__(self, script: StubServer) -> None:
        self.stored: dict[str, pb.SendNotificationRequest] = {}
        self.faults: deque[Fault] = deque()
        self.bad: Mapping[str, deque[Fault]] = {}
        self.held: Mapping[str, asyncio.Event] = {}
        self.raised: str | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._script = script
        script.answer("SendNotification", self._send)
        script.answer("BatchSendNotifications", self._batch)

    @property
    def titles(self) -> list[str]:
        """Return the titles of what was stored, in order."""
        return [title_of(request) for request in self.stored.values()]

    @property
    def calls(self) -> list[list[str]]:
        """Return the titles in each call, in the order of the calls."""
        return [
            [title_of(one) for one in getattr(request, "requests", [request])]
            for request in self._script.requests(*SENDS)
        ]

    async def called(self, count: int = 1) -> None:
        """Wait until `count` calls have come in all."""
        await self._script.until(*SENDS, count=count)

    async def _send(self, request: pb.SendNotificationRequest) -> pb.SendNotificationResponse:
        await self._enter([request])
        bad = self._bad(request)
        if bad is not None:
            raise bad
        return pb.SendNotificationResponse(result=self._stored(request))

    async def _batch(self, request: pb.BatchSendNotificationsRequest) -> pb.BatchSendNotificationsResponse:
        if any(one.group_name == self.raised for one in request.requests):
            raise Fault(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_MALFORMED")
        await self._enter(request.requests)
        return pb.BatchSendNotificationsResponse(results=[self._result(one) for one in request.requests])

    async def _enter(self, requests: Iterable[pb.SendNotificationRequest]) -> None:
        await self.gate.wait()
        for request in requests:
            if title_of(request) in self.held:
                await self.held[title_of(request)].wait()
        if self.faults:
            raise self.faults.popleft()

    def _bad(self, request: pb.SendNotificationRequest) -> Fault | None:
        faults = self.bad.get(title_of(request))
        return faults.popleft() if faults else None

    def _result(self, request: pb.SendNotificationRequest) -> pb.BatchSendResult:
        bad = self._bad(request)
        if bad is None:
            return pb.BatchSendResult(result=self._stored(request))
        error = pb.BatchItemError(code=bad.number, message=str(bad), details=bad.details)
        return pb.BatchSendResult(error=error)

    def _stored(self, request: pb.SendNotificationRequest) -> pb.SendResult:
        key = request.app_notification_id
        deduplicated = key in self.stored
        self.stored.setdefault(key, request)
        return pb.SendResult(id=f"id of {key}", revision=len(self.stored), deduplicated=deduplicated)


def title_of(request: pb.SendNotificationRequest) -> str:
    return request.payload.visual_content.title
