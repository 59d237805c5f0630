"""The load of the benchmarks puts no more on a connection than a client of the service should."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from benchmarks.load import callers as callers_module
from benchmarks.load.callers import MAX_IN_FLIGHT, CallFailed, Calls, connections
from benchmarks.load.requests import Request
from tests.support.stub_server import StubServer, scripted
from unisono.client._wire.pool import STREAMS_PER_CONNECTION
from unisono.v1 import feed_service_pb2 as pb

GET_FEED = Request("/unisono.v1.FeedService/GetFeed", "a token", b"")


@pytest.fixture
async def script() -> AsyncIterator[StubServer]:
    async with scripted() as script:
        yield script


def test_it_is_as_much_as_the_sdk_puts_on_one() -> None:
    assert MAX_IN_FLIGHT == STREAMS_PER_CONNECTION


@pytest.mark.parametrize("steady", [True, False])
async def test_more_than_that_is_no_measurement(
    script: StubServer, monkeypatch: pytest.MonkeyPatch, steady: bool
) -> None:
    monkeypatch.setattr(callers_module, "MAX_IN_FLIGHT", 5)

    async def never(_: object) -> pb.GetFeedResponse:
        await asyncio.Event().wait()
        return pb.GetFeedResponse()

    script.answer("GetFeed", never)
    calls = Calls(await connections(script.target, 2))
    with pytest.raises(CallFailed, match="5 calls wait on one connection"):
        await (calls.a_second(1000.0, [GET_FEED] * 20) if steady else calls.at_a_time(20, [GET_FEED] * 20))
    await script.until("GetFeed", count=10)
    calls.close()
    assert len(script.calls) == 10


async def test_one_after_the_other_is_any_number(script: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers_module, "MAX_IN_FLIGHT", 5)

    async def zero(_: object) -> pb.GetFeedResponse:
        return pb.GetFeedResponse()

    script.answer("GetFeed", zero)
    calls = Calls(await connections(script.target, 2))
    await calls.at_a_time(5, [GET_FEED] * 200)
    calls.close()
    assert len(calls.times) == 200
