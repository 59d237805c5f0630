"""A device on connections of `tests.support.http2`, which records what it receives in a history."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.support import tokens
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection
from tests.support.http2.unary import ACKNOWLEDGE, RecordedCaller
from tests.support.processes import TIMEOUT
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.verify.history import Principal, Stream, TimedMessage
from unisono.verify.recording import Recorder

PATH: Final = "/unisono.v1.FeedService/Subscribe"
APP: Final = "mail.test"

Condition = Callable[["Device"], bool]


class Device:
    """One endpoint of one user, with one stream at a time, which resumes with its last token.

    `revision` and `unread_count` are those of its last complete point, -1 before the first; `reached` is when
    it got there, in seconds since 1970. A `bare` one leaves payloads out of the history, to save memory. It
    connects with the context `tls`, without one in the clear.
    """

    def __init__(
        self,
        recorder: Recorder,
        user_id: str,
        endpoint_id: str,
        *,
        bare: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.endpoint_id = endpoint_id
        self.caller = RecordedCaller(recorder, Principal(app_id=APP, user_id=user_id), tokens.device(user_id))
        self.connection: Connection
        self.revision = self.unread_count = -1
        self.reached = 0.0
        self.live = False
        self.streams: list[Stream] = []
        self._recorder = recorder
        self._bare = bare
        self._tls = tls
        self._resume_token = b""
        self._stream_id = 0
        self._waiting: list[tuple[Condition, asyncio.Future[None]]] = []

    @property
    def user_id(self) -> str:
        """Return the id of the user."""
        return self.caller.principal.user_id

    @property
    def ended(self) -> bool:
        """Return whether the last stream has ended."""
        return self.streams[-1].ended is not None

    async def connect(self, address: str, *, reads: bool = True) -> None:
        """Connect, and subscribe. Raises `OSError`."""
        self.subscribe(await Connection.open(address, reads=reads, tls=self._tls))

    def subscribe(self, connection: Connection) -> None:
        """Subscribe on a connection, which other devices may share."""
        request = pb.SubscribeRequest(
            endpoint_id=self.endpoint_id, platform=notification_pb2.DEVICE_PLATFORM_LINUX
        )
        if self._resume_token:
            request.resume_token = self._resume_token
        stream = Stream(principal=self.caller.principal, request=request, began=self._recorder.clock())
        self._recorder.history.streams.append(stream)
        self.streams.append(stream)
        self.connection = connection
        body = request.SerializeToString()
        call = Call(partial(self._on_message, stream), partial(self._end, stream))
        self._stream_id = connection.ask(PATH, self.caller.token, body, call)

    async def acknowledge(self) -> None:
        """Acknowledge the last token. Raises `CallFailed`."""
        request = pb.AcknowledgeRequest(endpoint_id=self.endpoint_id, resume_token=self._resume_token)
        await self.caller.call(self.connection, ACKNOWLEDGE, request)

    def leave(self) -> None:
        """Cancel the stream, and close the connection."""
        self.connection.cancel(self._stream_id)
        self._end(self.streams[-1], Status(""))
        self.connection.close()

    def abort(self) -> None:
        """Close the connection with a TCP reset."""
        self._end(self.streams[-1], Status(""))
        self.connection.abort()

    async def until(self, condition: Condition, *, timeout: float | None = TIMEOUT) -> None:
        """Wait for a condition, which is tested after every message, and at the end of a stream.

        Raises `TimeoutError` after `timeout` seconds; None waits for ever.
        """
        if condition(self):
            return
        waiting = condition, asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(timeout):
                await waiting[1]
        finally:
            self._waiting.remove(waiting)

    async def caught_up(self, revision: int = 0) -> None:
        """Wait until the device is live, and complete at this revision or later."""
        await self.until(lambda device: device.live and device.revision >= revision)

    def _on_message(self, stream: Stream, body: bytes) -> None:
        message = pb.SubscribeResponse.FromString(body)
        if self._bare and message.HasField("event_batch"):
            message = _without_payloads(message)
        stream.messages.append(TimedMessage(self._recorder.clock(), message))
        self._resume_token = message.resume_token
        if message.complete and message.revision != self.revision:
            self.revision, self.unread_count = message.revision, message.unread_count
            self.reached = stream.messages[-1].time
        self.live = self.live or message.HasField("synced")
        self._look()

    def _end(self, stream: Stream, status: Status) -> None:
        if stream.ended is not None:
            return
        stream.ended = self._recorder.clock()
        stream.code, stream.reason = status
        self.live = False
        self._look()

    def _look(self) -> None:
        for condition, future in self._waiting:
            if not future.done() and condition(self):
                future.set_result(None)


def _without_payloads(message: pb.SubscribeResponse) -> pb.SubscribeResponse:
    """Return a copy without payloads: a cleared message would keep their memory."""
    for event in message.event_batch.events:
        event.notification.ClearField("payload")
    return pb.SubscribeResponse.FromString(message.SerializeToString())
