"""Streams that no server ends: what comes on them is for the test to say."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from tests.sdk.device_script import Message
from tests.support.stub_server import StubServer
from unisono.v1 import feed_service_pb2 as pb


class Script:
    """Streams of a server that ends none. Each begins as scripted, and the last one goes on as the test says.

    While the `gate` is not set, new streams wait.
    """

    def __init__(self, server: StubServer, *streams: Sequence[Message]) -> None:
        self.requests: list[pb.SubscribeRequest] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._streams = list(streams)
        self._more: asyncio.Queue[Message] = asyncio.Queue()
        server.stream("Subscribe", self._stream)

    def say(self, *messages: Message) -> None:
        for message in messages:
            self._more.put_nowait(message)

    @property
    def tokens(self) -> list[bytes]:
        return [request.resume_token for request in self.requests]

    async def _stream(self, request: pb.SubscribeRequest) -> AsyncIterator[Message]:
        self.requests.append(request)
        number = len(self.requests)
        if number > 1:
            self._more = asyncio.Queue()
        await self.gate.wait()
        for message in self._streams[number - 1]:
            yield message
        while number == len(self.requests):
            yield await self._more.get()
