"""Each call is counted by its method and its code, however it ends."""

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2

from tests.support.nodes import Running
from tests.support.processes import TIMEOUT
from unisono.server.api.call_metrics import UNKNOWN, MethodMetrics
from unisono.v1 import feed_service_pb2, notification_pb2, notification_service_pb2

SEND = "unisono.v1.NotificationService/SendNotification"
SUBSCRIBE = "unisono.v1.FeedService/Subscribe"
CHECK = "grpc.health.v1.Health/Check"

HELLO = notification_service_pb2.SendNotificationRequest(
    user_id="ada",
    payload=notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="Hello")),
)
FOLLOW = feed_service_pb2.SubscribeRequest(
    endpoint_id="laptop", platform=notification_pb2.DEVICE_PLATFORM_LINUX
)


def metrics(node: Running, name: str) -> MethodMetrics:
    return next(method for method in node.node.metrics.calls.methods if method.name == name)


def open_streams(node: Running) -> int:
    return node.node.metrics.streams.open.total()


class Counted:
    """What came to the counts of a method since this was made."""

    def __init__(self, node: Running, name: str) -> None:
        self._metrics = metrics(node, name)
        self._started = self._metrics.started
        self._handled = self._metrics.handled.copy()

    @property
    def started(self) -> int:
        return self._metrics.started - self._started

    @property
    def handled(self) -> dict[str, int]:
        return {code.name: count for code, count in (self._metrics.handled - self._handled).items()}

    async def until_handled(self, **counts: int) -> None:
        """Wait: a call is counted once its handler has ended, and its caller may know before."""
        async with asyncio.timeout(TIMEOUT):
            while self.handled != counts:  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.001)


async def test_calls_that_succeed(serving: Running) -> None:
    counted, before = Counted(serving, SEND), metrics(serving, SEND).handling_seconds.sum
    for _ in range(3):
        publisher = serving.publisher
        await publisher.notifications.SendNotification(HELLO, metadata=publisher.metadata)
    await counted.until_handled(OK=3)
    assert counted.started == 3
    assert metrics(serving, SEND).handling_seconds.sum > before


async def test_calls_that_are_refused(serving: Running) -> None:
    counted = Counted(serving, SEND)
    for client, request in (
        (serving.client(""), HELLO),
        (serving.publisher, notification_service_pb2.SendNotificationRequest(user_id="ada")),
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await client.notifications.SendNotification(request, metadata=client.metadata)
    await counted.until_handled(UNAUTHENTICATED=1, INVALID_ARGUMENT=1)


async def test_streams_count_when_they_end(serving: Running) -> None:
    counted, user = Counted(serving, SUBSCRIBE), serving.user()
    before = open_streams(serving)
    stream = user.feeds.Subscribe(FOLLOW, metadata=user.metadata)
    await stream.read()
    assert (counted.started, counted.handled) == (1, {})
    assert open_streams(serving) == before + 1
    stream.cancel()
    await counted.until_handled(CANCELLED=1)
    assert open_streams(serving) == before


async def test_methods_that_do_not_exist_share_a_name(serving: Running) -> None:
    counted, count = Counted(serving, UNKNOWN), len(serving.node.metrics.calls.methods)
    for name in ("/unisono.v1.FeedService/Nothing", "/a.stranger/Says"):
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = serving.channel.unary_unary(name)
        with pytest.raises(grpc.aio.AioRpcError, match="UNIMPLEMENTED"):
            await call(b"")
    await counted.until_handled(UNIMPLEMENTED=2)
    assert len(serving.node.metrics.calls.methods) == count


async def test_calls_without_a_token(serving: Running) -> None:
    counted = Counted(serving, CHECK)
    check: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = serving.channel.unary_unary(f"/{CHECK}")
    await check(b"")
    with pytest.raises(grpc.aio.AioRpcError, match="NOT_FOUND"):
        await check(health_pb2.HealthCheckRequest(service="nothing").SerializeToString())
    await counted.until_handled(OK=1, NOT_FOUND=1)


async def test_commits_are_counted(serving: Running) -> None:
    commits, publisher = serving.node.metrics.commits["feeds"].metrics, serving.publisher

    def counted() -> list[int]:
        return [list(histogram.buckets)[-1][1] for histogram in (commits.items, commits.seconds)]

    before = counted()
    await publisher.notifications.SendNotification(HELLO, metadata=publisher.metadata)
    assert counted() == [count + 1 for count in before]
