"""A device that reads one message at a time, so that a test can cut its stream after any of them."""

from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration

from tests.support.devices import DeviceModel
from tests.support.nodes import Client
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


class Reader:
    """One endpoint of a user, with what it holds over all of its streams. It asks for few heartbeats.

    With `cut_after`, its stream is cut once, after so many messages; then `gone` is set.
    """

    def __init__(self, client: Client, endpoint_id: str = "laptop", *, cut_after: int = 0) -> None:
        self.held = DeviceModel()
        self.taken = 0
        self.gone = False
        self._cut_after = cut_after
        self._client = client
        self._endpoint_id = endpoint_id
        self._call: grpc.aio.UnaryStreamCall[pb.SubscribeRequest, pb.SubscribeResponse] | None = None

    def open(self, **wanted: Any) -> "Reader":
        """Open a stream, from the token in `held` if there is one."""
        request = pb.SubscribeRequest(
            endpoint_id=self._endpoint_id,
            platform=notification_pb2.DEVICE_PLATFORM_LINUX,
            heartbeat_interval=Duration(seconds=300),
            **wanted,
        )
        if self.held.token:
            request.resume_token = self.held.token
        self._call = self._client.feeds.Subscribe(request, metadata=self._client.metadata)
        return self

    async def take(self) -> pb.SubscribeResponse:
        """Read the next message, apply it, and return it."""
        assert self._call is not None
        message = await self._call.read()
        assert isinstance(message, pb.SubscribeResponse), "the stream ended"
        self.held.apply(message)
        self.taken += 1
        if self.taken == self._cut_after:
            self.cut()
        return message

    async def follow(self, revision: int) -> None:
        """Read messages up to a complete point at this revision or later, or until the stream is cut."""
        while not self.gone and self.held.complete_revision < revision:
            await self.take()

    async def back(self) -> None:
        """Resume after the stream was cut; fails when the server does not resume it."""
        self.gone = False
        self.open()
        assert (await self.take()).welcome.resumed

    def cut(self) -> None:
        assert self._call is not None
        self._call.cancel()
        self.gone = True
