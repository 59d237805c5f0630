"""`log_calls`: a line for the end of each call and stream, of which an operator says whether it is wanted."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support import tokens, transports
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.methods import HEALTH
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, serving
from unisono.client import create_channel

SEND = "unisono.v1.NotificationService/SendNotification"
SUBSCRIBE = "unisono.v1.FeedService/Subscribe"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The log of a server to which somebody sends, listens, and comes without a token."""
    folder = tmp_path_factory.mktemp("calls")
    with serving(folder / "unisono.db", "--log-calls", "all") as server:
        asyncio.run(use(server))
    return server.log


async def use(server: ServerProcess) -> None:
    async with create_channel(server.address) as channel:
        app = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
        phone = Client(channel, tokens.device("ada"))
        device = await Device(phone, "phone").connect()
        sent = [await app.send(f"Number {number}") for number in range(3)]
        await device.at(sent[-1].revision)
        await device.disconnect()
        with pytest.raises(grpc.aio.AioRpcError):
            await ApiClient(Client(channel, None), user_id="ada").send()
        await HEALTH[0].call(channel, b"")


def ends(lines: list[dict[str, Any]], event: str, method: str) -> list[Mapping[str, Any]]:
    return [line for line in lines if line["event"] == event and line["method"] == method]


def test_a_call_leaves_a_line(lines: list[dict[str, Any]]) -> None:
    (*sends, refused) = ends(lines, "call ended", SEND)
    assert len(sends) == 3
    for line in sends:
        assert line["level"] == "info"
        assert (line["code"], line["app"], line["transport"]) == ("OK", "mail.test", transports.NAME)
        assert line["peer"].startswith("ipv4:127.0.0.1:")
        assert 0 < line["seconds"] < 120
        assert line["request_id"]
        assert "reason" not in line
    assert len({line["request_id"] for line in sends}) == 3
    assert (refused["code"], refused["reason"]) == ("UNAUTHENTICATED", "TOKEN_MISSING")
    assert "app" not in refused


def test_a_stream_leaves_a_line_with_its_events(lines: list[dict[str, Any]]) -> None:
    (line,) = ends(lines, "stream ended", SUBSCRIBE)
    assert (line["code"], line["events"], line["app"]) == ("CANCELLED", 3, "mail.test")


def test_whoever_has_no_token_is_of_no_app(lines: list[dict[str, Any]]) -> None:
    (line,) = ends(lines, "call ended", HEALTH[0].path.removeprefix("/"))
    assert line["code"] == "OK"
    assert not {"app", "events", "reason"} & line.keys()


async def test_why_a_stream_ended_is_said(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--log-calls", "sampled") as server:
        async with create_channel(server.address) as channel:
            phone = Client(channel, tokens.device("ada"))
            older = await Device(phone, "phone").connect()
            newer = await Device(phone, "phone").connect()
            line = await asyncio.to_thread(server.until, "stream ended")
            assert (line["code"], line["reason"]) == ("ABORTED", "SUPERSEDED")
            await newer.disconnect()
            await older.disconnect()


async def test_by_default_there_are_none(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db") as server:
        await use(server)
    assert not [line for line in server.log if line["event"] in ("call ended", "stream ended")]


@pytest.mark.skipif(transports.NAME != "http", reason="grpcio tells nothing of its connections")
async def test_connections_are_lines_of_the_level_debug(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--log-level", "debug") as server:
        async with create_channel(server.address) as channel:
            await HEALTH[0].call(channel, b"")
            connected = await asyncio.to_thread(server.until, "connected")
        gone = await asyncio.to_thread(server.until, "disconnected")
    assert len(server.entries("connected")) == 1
    assert connected["level"] == gone["level"] == "debug"
    assert connected["peer"] == gone["peer"]
    assert connected["peer"].startswith("ipv4:127.0.0.1:")
