"""A relay between devices and a node that cuts streams after a number of messages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from tests.support.nodes import Running
from tests.support.stub_server import Fault, StubServer
from unisono.client import from_rpc_error
from unisono.v1 import feed_service_pb2 as pb

Ending = Callable[[], Awaitable[None]]


class CuttingRelay:
    """Passes calls and streams of Ada's devices on to a node, and cuts streams after some messages.

    `limits` are the numbers of messages of the next streams, one each; `limit` is that of the streams after
    them, None for no cut. `told` has the kinds of the messages of each stream. While the `gate` is not set,
    new streams wait. With `cut`, that is called at a cut, and the stream stays silent instead of ending.
    """

    def __init__(self, script: StubServer, node: Running) -> None:
        self.limits: list[int] = []
        self.limit: int | None = None
        self.told: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.cut: Callable[[], None] | None = None
        self._client = node.user("ada")
        self._going = asyncio.Event()
        script.stream("Subscribe", self._subscribe)
        for service, methods in (
            (self._client.feeds, ("Acknowledge",)),
            (self._client.notifications, ("MarkNotifications", "GetNotification")),
        ):
            for method in methods:
                script.answer(method, self._passing(getattr(service, method)))

    def end_streams(self) -> None:
        """End the open streams."""
        self._going.set()
        self._going = asyncio.Event()

    def _passing(self, call: Callable[..., Any]) -> Callable[[Any], Awaitable[Any]]:
        async def passed(request: Any) -> Any:
            try:
                return await call(request, metadata=self._client.metadata)
            except grpc.aio.AioRpcError as error:
                raise _fault(error) from None

        return passed

    async def _subscribe(self, request: pb.SubscribeRequest) -> AsyncIterator[pb.SubscribeResponse]:
        await self.gate.wait()
        left = self.limits.pop(0) if self.limits else self.limit
        told: list[str] = []
        self.told.append(told)
        call = self._client.feeds.Subscribe(request, metadata=self._client.metadata)
        ended = asyncio.ensure_future(self._going.wait())
        try:
            while left is None or len(told) < left:
                reading = asyncio.ensure_future(call.read())
                await asyncio.wait([reading, ended], return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    reading.cancel()
                    break
                message = await reading
                assert isinstance(message, pb.SubscribeResponse)
                told.append(str(message.WhichOneof("message")))
                yield message
        except grpc.aio.AioRpcError as error:
            raise _fault(error) from None
        finally:
            ended.cancel()
            call.cancel()
        if self.cut is not None:
            self.cut()
            await asyncio.Event().wait()
        raise Fault(grpc.StatusCode.UNAVAILABLE)


def _fault(error: grpc.aio.AioRpcError) -> Fault:
    known = from_rpc_error(error)
    return Fault(known.code, known.reason, message=known.message, retry_delay=known.retry_delay)
