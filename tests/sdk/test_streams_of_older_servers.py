"""No stream is opened with what its server does not know, and no other is kept waiting by the question."""

import pytest

from tests.sdk.device_script import LIVE, laptop, live, scripted_streams, until
from tests.support.stub_server import StubServer
from unisono.client import ServerTooOld
from unisono.client._wire import server_level
from unisono.client._wire.contract_levels import LEVELS, NEWEST

EPHEMERAL = "SubscribeRequest.ephemeral"


async def test_no_stream_is_opened_with_what_it_does_not_know(script: StubServer) -> None:
    script.knows(LEVELS[f"unisono.v1.{EPHEMERAL}"] - 1)
    script.stream("Subscribe", scripted_streams(LIVE))

    async with laptop(script.target, ephemeral=True) as device:
        await until(device, lambda device: device.error)

        assert isinstance(device.error, ServerTooOld)
        assert device.error.metadata["field"] == EPHEMERAL
        assert script.requests("Subscribe") == []


async def test_a_device_comes_to_one_that_was_upgraded(
    script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_level, "BELIEVED", 0)
    script.knows(None)
    script.stream("Subscribe", scripted_streams(LIVE))

    async with laptop(script.target, ephemeral=True) as device:
        await until(device, lambda device: device.error)
        script.knows(NEWEST)
        await live(device)

    assert [request.ephemeral for request in script.requests("Subscribe")] == [True]


async def test_an_ordinary_device_asks_nothing(script: StubServer) -> None:
    script.knows(None)
    script.stream("Subscribe", scripted_streams(LIVE))

    async with laptop(script.target) as device:
        await live(device)

    assert script.requests("GetServerInfo") == []
