"""A call by hand is repeated where that may help: with another token, or after a moment."""

from collections.abc import Callable

import pytest

from unisono.client import Method, RateLimited, Unauthenticated, Unavailable
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.load import rpc_client as asking_module
from unisono.verify.load.rpc_client import ATTEMPTS, RpcClient

GET_FEED = Method("FeedService", "GetFeed", pb.GetFeedRequest, pb.GetFeedResponse)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> FakeService:
    monkeypatch.setattr(asking_module, "PAUSE", 0.0)
    return FakeService()


def giving(*given: str) -> Callable[[], str]:
    """A source of these tokens, one after the other."""
    left = list(given)
    return lambda: left.pop(0)


async def test_another_token_is_asked_for_when_one_is_refused(service: FakeService) -> None:
    client = RpcClient(service.transport, giving("nonsense", service.user_token("ada"), "never"))
    for _ in range(2):
        assert await client.call(GET_FEED, pb.GetFeedRequest()) == pb.GetFeedResponse()


async def test_a_fixed_token_that_is_refused_stays_refused(service: FakeService) -> None:
    with pytest.raises(Unauthenticated):
        await RpcClient(service.transport, "nonsense").call(GET_FEED, pb.GetFeedRequest())


async def test_it_waits_as_long_as_the_service_asks_but_not_for_ever(
    service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.extend([seconds] if seconds else [])

    monkeypatch.setattr("unisono.verify.load.rpc_client.asyncio.sleep", wait)
    client = RpcClient(service.transport, service.user_token("ada"))
    service.fail(RateLimited("busy", retry_delay=3.0), method="GetFeed", times=1)
    await client.call(GET_FEED, pb.GetFeedRequest())
    service.fail(RateLimited("busy", retry_delay=3600.0), method="GetFeed", times=1)
    with pytest.raises(RateLimited):
        await client.call(GET_FEED, pb.GetFeedRequest())
    assert waited == [3.0]


@pytest.mark.parametrize("failures", [1, ATTEMPTS - 1, ATTEMPTS])
async def test_what_may_pass_is_waited_for(service: FakeService, failures: int) -> None:
    service.fail(Unavailable("not now"), method="GetFeed", times=failures)
    client = RpcClient(service.transport, service.user_token("ada"))
    if failures < ATTEMPTS:
        await client.call(GET_FEED, pb.GetFeedRequest())
    else:
        with pytest.raises(Unavailable):
            await client.call(GET_FEED, pb.GetFeedRequest())
