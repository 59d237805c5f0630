"""A device that hears nothing says so, while it goes on waiting: whoever looks after it can do something."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import LIVE, Message, laptop, live, scripted_streams
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer, scripted
from unisono.client import Status, Timing, create_transport
from unisono.client._device.stream import messages
from unisono.v1 import feed_service_pb2 as pb

SOON = Timing(first_message_timeout=0.02, open_timeout=30.0, backoff=QUICK)


class Remarks(logging.Handler):
    """What the SDK warns of, as it comes."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self._came.set()

    async def one(self) -> str:
        async with asyncio.timeout(TIMEOUT):
            await self._came.wait()
        return self.said[0]


@pytest.fixture
def remarks() -> Iterator[Remarks]:
    remarks = Remarks()
    logging.getLogger("unisono.client").addHandler(remarks)
    yield remarks
    logging.getLogger("unisono.client").removeHandler(remarks)


async def test_a_server_that_takes_its_time(script: StubServer, remarks: Remarks) -> None:
    gate = asyncio.Event()

    async def late(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        await gate.wait()
        for message in LIVE:
            yield message
        await asyncio.Event().wait()

    script.stream("Subscribe", late)
    async with laptop(script.target, timing=SOON) as device:
        said = await remarks.one()
        assert said.startswith(f"nothing has come from {script.target} for 0.02 s")
        assert "goes on waiting" in said
        assert (device.status, device.error) == (Status.OFFLINE, None)
        gate.set()
        await live(device)
    assert len(script.requests("Subscribe")) == len(remarks.said) == 1


async def test_a_connection_that_carries_as_many_as_it_may(remarks: Remarks) -> None:
    """The server never hears of the second device, until the first leaves."""
    async with scripted(streams=1) as script:
        script.stream("Subscribe", scripted_streams(LIVE))
        transport = create_transport(script.target, streams_per_connection=20)
        first, second = (laptop(transport, endpoint_id=name, timing=SOON) for name in ("a", "b"))
        async with first:
            await live(first)
            async with second:
                assert "streams_per_connection" in await remarks.one()
                assert [request.endpoint_id for request in script.requests("Subscribe")] == ["a"]
                await first.close()
                await live(second)
        await transport.close()


class Prompt:
    """A transport that has the first message at hand, and no other."""

    async def stream(self, *_: object, **__: object) -> AsyncGenerator[Any, None]:
        yield LIVE[0]
        await asyncio.Event().wait()

    async def unary(self, *_: object, **__: object) -> Any:
        raise AssertionError("nobody calls")

    async def close(self) -> None:
        """It holds nothing."""


async def test_who_is_answered_says_nothing_whatever_follows(remarks: Remarks) -> None:
    stream = messages(Prompt(), pb.SubscribeRequest(), "a token", SOON)
    async with aclosing(stream):
        assert await anext(stream) == LIVE[0]
        # Timers run in their order: one that was started before this one has had its time.
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(SOON.first_message_timeout, passed.set)
        await passed.wait()
    assert remarks.said == []


def test_ten_seconds_are_enough_for_any_server_that_is_well() -> None:
    assert (Timing().first_message_timeout, Timing().open_timeout) == (10.0, 20.0)
