"""A body that does not come as a whole ends its call in time; one that nobody wants is not waited for."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.nodes import TRANSPORT, Running, Setup, running
from unisono.server.api.http_server import HttpServer

TOKEN = f"authorization: Bearer {tokens.publisher()}\r\n"
CALL = "POST /unisono.v1.FeedService/GetFeed HTTP/1.1\r\nhost: unisono.test\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A node that waits for a request for a fifth of a second."""
    transport = replace(TRANSPORT, request_timeout=0.2)
    path: Path = tmp_path_factory.mktemp("hasty") / "unisono.db"
    async with running(Setup(path=path, transport=transport, make_server=HttpServer)) as node:
        yield node


async def answered(node: Running, request: str) -> str:
    """Return all that is answered to a request that is never whole, until the connection ends."""
    host, port = node.target.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "body",
    [
        "content-length: 100\r\n\r\n",
        "content-length: 100\r\n\r\n{}",
        "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ],
)
async def test_a_body_that_does_not_come_ends_its_call(hasty: Running, body: str) -> None:
    answer = await answered(hasty, CALL + TOKEN + body)

    assert answer.startswith("HTTP/1.1 504 ")
    assert "did not arrive as a whole within 0.2 s" in answer


async def test_nobody_waits_for_the_body_of_a_stranger(hasty: Running) -> None:
    answer = await answered(hasty, f"{CALL}content-length: 100\r\n\r\n{{}}")

    assert answer.startswith("HTTP/1.1 401 ")


async def test_nor_for_one_that_is_too_large(hasty: Running) -> None:
    answer = await answered(hasty, f"{CALL}{TOKEN}content-length: 99999999999\r\n\r\n")

    assert answer.startswith("HTTP/1.1 429 ")
    assert "the request has 99999999999 bytes" in answer
