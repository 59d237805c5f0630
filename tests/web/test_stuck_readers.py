"""Streams whose client takes nothing, or is gone without a word, end; till then little is held for them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.guarantees.test_bounded import LARGE, MIB, given_up, resident, send_much
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.http2.call import framed
from tests.support.http2.connect_call import ConnectCall, connect_headers
from tests.support.http2.connection import Connection
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.http.tcp import MOST_UNSENT
from unisono.server.api.http_server import HttpServer
from unisono.server.api.transport import Transport
from unisono.server.core.sweeper import SweepRules
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

SUBSCRIBE = "/unisono.v1.FeedService/Subscribe"

#: The headers by which a stream is asked for over HTTP/1.1.
DOORS: dict[str, str] = {
    "connect": "content-type: application/connect+proto",
    "connect, json": "content-type: application/connect+json",
    "grpc-web": "content-type: application/grpc-web+proto",
    "lines": "content-type: application/json",
    "events": "content-type: application/json\r\naccept: text/event-stream",
}

#: So many readers by each door, each of which is sent 9 MiB, that what is held for them shows beside all that
#: goes on, which takes so much.
EACH = 9
BESIDE = 64_000_000

SOCKETS = Path("/proc/net/tcp")

#: Nobody but the time of a test ends anything.
PATIENT = replace(TRANSPORT, stalled_write_timeout=3600, keepalive_time=3600, ping_timeout=600)


@asynccontextmanager
async def serving(path: Path, transport: Transport) -> AsyncIterator[Running]:
    setup = Setup(
        path=path / "unisono.db",
        make_server=HttpServer,
        transport=transport,
        sweep_rules=SweepRules(interval=0.02),
    )
    async with running(setup) as node:
        yield node


def asked(door: str, endpoint_id: str) -> bytes:
    """The body of the request of a stream."""
    if "proto" in DOORS[door]:
        return framed(subscription(endpoint_id))
    body = json.dumps({"endpointId": endpoint_id, "platform": "DEVICE_PLATFORM_WEB"}).encode()
    return framed(body) if "connect" in DOORS[door] else body


def subscription(endpoint_id: str) -> bytes:
    request = pb.SubscribeRequest(endpoint_id=endpoint_id, platform=notification_pb2.DEVICE_PLATFORM_WEB)
    return request.SerializeToString()


@asynccontextmanager
async def stuck(node: Running, door: str, endpoint_id: str = "window") -> AsyncIterator[int]:
    """A stream over HTTP/1.1 that was read until it was live, and is not any more; the port of its client."""
    host, port = node.target.split(":")
    wire = socket.socket()
    # A small buffer, so that it is the server that holds what is not read.
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.setblocking(False)
    await asyncio.get_running_loop().sock_connect(wire, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=wire, limit=4096)
    body = asked(door, endpoint_id)
    head = (
        f"POST {SUBSCRIBE} HTTP/1.1\r\nhost: {node.target}\r\n{DOORS[door]}\r\n"
        f"authorization: Bearer {tokens.device()}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        async with asyncio.timeout(TIMEOUT):
            await reader.readuntil(b"\r\n\r\n")
        cast("asyncio.Transport", writer.transport).pause_reading()
        yield wire.getsockname()[1]
    finally:
        writer.transport.abort()


def kernel_holds(node: Running, client: int) -> int:
    """How many bytes the kernel holds for a client that has not taken them (proc(5), `/proc/net/tcp`)."""
    ours = int(node.target.rpartition(":")[2])
    for line in SOCKETS.read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if (int(local[-4:], 16), int(remote[-4:], 16)) == (ours, client):
            return int(queues.partition(":")[0], 16)
    raise LookupError(client)


@asynccontextmanager
async def stuck_over_http2(node: Running, *, silent: bool) -> AsyncIterator[None]:
    """A stream of Connect that was live, and makes no more room; `silent`: its client answers nothing."""
    connection = await Connection.open(node.target, reads=False)
    messages: asyncio.Queue[bytes] = asyncio.Queue()
    call = ConnectCall(messages.put_nowait, lambda _: None)
    headers = connect_headers(SUBSCRIBE, node.target, tokens.device())
    connection.send(headers, framed(subscription("window")), call)
    async with asyncio.timeout(TIMEOUT):
        while not pb.SubscribeResponse.FromString(await messages.get()).HasField("synced"):
            pass
    if silent:
        connection.fall_silent()
    yield
    connection.abort()


@pytest.mark.parametrize("door", DOORS)
async def test_a_reader_that_takes_nothing_is_dropped(tmp_path: Path, door: str) -> None:
    async with serving(tmp_path, replace(PATIENT, stalled_write_timeout=1)) as node, stuck(node, door):
        await send_much(node, "ada")
        await given_up(node, "window")


async def test_so_is_the_stream_of_one_over_http2(tmp_path: Path) -> None:
    transport = replace(PATIENT, stalled_write_timeout=1)
    async with serving(tmp_path, transport) as node, stuck_over_http2(node, silent=False):
        await send_much(node, "ada")
        await given_up(node, "window")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the platform has no TCP_USER_TIMEOUT")
async def test_a_client_that_is_gone_is_given_up_by_the_kernel(tmp_path: Path) -> None:
    """HTTP/1.1 has no pings, and what is written to it may all fit into the kernel."""
    transport = replace(PATIENT, keepalive_time=1, ping_timeout=1)
    async with serving(tmp_path, transport) as node, stuck(node, "events") as client:
        backend = ApiClient(node.publisher, user_id="ada")
        while not kernel_holds(node, client):
            await backend.send(payload=LARGE)
        await given_up(node, "window")


async def test_one_over_http2_is_found_out_by_pings(tmp_path: Path) -> None:
    transport = replace(PATIENT, keepalive_time=1, ping_timeout=1)
    async with serving(tmp_path, transport) as node, stuck_over_http2(node, silent=True):
        await given_up(node, "window")


@pytest.mark.skipif(not SOCKETS.exists(), reason="only Linux says what the kernel holds")
async def test_little_is_held_for_those_who_take_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, PATIENT) as node, AsyncExitStack() as readers:
        await send_much(node, "ada")
        clients = [
            await readers.enter_async_context(stuck(node, door, f"{door} {n}"))
            for door in DOORS
            for n in range(EACH)
        ]
        before = resident()

        await send_much(node, "ada")

        for client in clients:
            assert kernel_holds(node, client) < 2 * MOST_UNSENT
        assert resident() - before < len(clients) * MIB + BESIDE
