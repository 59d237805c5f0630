"""Devices that are measured get the same by each door, and one that is refused is noticed."""

import asyncio
from pathlib import Path

import pytest

from benchmarks.load import doors, requests
from benchmarks.load.doors import Door
from benchmarks.load.listeners import ArrivalCounter, Device
from tests.support.api_client import ApiClient
from tests.support.http2.call import Status
from tests.support.http2.connection import Connection
from tests.support.nodes import Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.http_server import HttpServer

BY = {"gRPC": doors.grpc, "Connect": doors.connect}


@pytest.mark.parametrize("door", BY.values(), ids=BY)
async def test_a_device_is_live_by_each(tmp_path: Path, door: Door) -> None:
    async with running(Setup(path=tmp_path / "unisono.db", make_server=HttpServer)) as node:
        synced, events = ArrivalCounter(), ArrivalCounter()
        stream = Device("ada", "phone", door).stream(synced, events)
        await stream.connect(node.target)
        async with asyncio.timeout(TIMEOUT):
            await synced.until(1)
            await ApiClient(node.publisher, user_id="ada").send()
            await events.until(1)
        stream.close()


@pytest.mark.parametrize("door", BY.values(), ids=BY)
async def test_a_refusal_is_an_end(tmp_path: Path, door: Door) -> None:
    async with running(Setup(path=tmp_path / "unisono.db", make_server=HttpServer)) as node:
        ended = asyncio.get_running_loop().create_future()
        connection = await Connection.open(node.target)
        asked = requests.subscription("no token", "phone")
        door(
            connection, asked, lambda message: ended.set_exception(AssertionError(message)), ended.set_result
        )
        async with asyncio.timeout(TIMEOUT):
            status: Status = await ended
        connection.close()
    assert status.code == "UNAUTHENTICATED"
