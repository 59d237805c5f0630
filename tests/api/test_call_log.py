"""Where the log of calls is sampled, it has the first of each kind in each second, and counts the others."""

from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.nodes import Setup, running
from unisono.server.api.call_log import CallLog
from unisono.server.api.sampling import MAX_LINES

MORE = 5


async def test_the_first_of_each_method_and_code(tmp_path: Path) -> None:
    clock = FakeClock()
    setup = replace(Setup(path=tmp_path / "unisono.db", clock=clock), call_log=CallLog(clock, sampled=True))
    async with running(setup) as node:
        app = ApiClient(node.publisher, user_id="ada")
        with capture_logs() as lines:
            for _ in range(MAX_LINES + MORE):
                await app.feed()
            with pytest.raises(grpc.aio.AioRpcError):
                await app.get("no such id")
            clock.advance(1)
            await app.feed()
    ended = [line["code"] for line in lines if line["event"] == "call ended"]
    assert ended == ["OK"] * MAX_LINES + ["NOT_FOUND", "OK"]


async def test_all_of_them(tmp_path: Path) -> None:
    clock = FakeClock()
    setup = replace(Setup(path=tmp_path / "unisono.db", clock=clock), call_log=CallLog(clock, sampled=False))
    async with running(setup) as node:
        app = ApiClient(node.publisher, user_id="ada")
        with capture_logs() as lines:
            for _ in range(MAX_LINES + MORE):
                await app.feed()
    assert len([line for line in lines if line["event"] == "call ended"]) == MAX_LINES + MORE
