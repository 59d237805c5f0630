"""Servers that browsers are to use, and what these may send to them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support import tokens
from tests.support.nodes import Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.http_server import HttpServer

MAIL_PAGE: Final = "https://mail.example.com"
CHAT_PAGE: Final = "https://chat.example.com"
ORIGINS: Final = {"mail.test": (MAIL_PAGE,), "chat.test": (CHAT_PAGE,)}

GET_FEED: Final = "/unisono.v1.FeedService/GetFeed"
SUBSCRIBE: Final = "/unisono.v1.FeedService/Subscribe"


@asynccontextmanager
async def with_pages(path: Path, **parts: Any) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    """A node whose apps have pages, and a client of HTTP/1.1 for it."""
    setup = Setup(path=path / "unisono.db", make_server=HttpServer, origins=ORIGINS, **parts)
    async with (
        running(setup) as node,
        httpx.AsyncClient(base_url=f"http://{node.target}", trust_env=False, timeout=TIMEOUT) as client,
    ):
        yield node, client


def sent_by(origin: str | None, token: str | None = None, **more: str) -> dict[str, str]:
    """Return the headers of a call from a page of an origin."""
    token = tokens.device() if token is None else token
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return {**headers, **({} if origin is None else {"origin": origin}), **more}


async def headers_alone(node: Running, path: str, headers: Mapping[str, str]) -> bytes:
    """Send all of a request but its body, and return the answer, until the server closes."""
    reader, writer = await asyncio.open_connection(*node.target.split(":"))
    lines = [f"POST {path} HTTP/1.1", f"host: {node.target}", "content-length: 10"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join((*lines, "", "")).encode())
    async with asyncio.timeout(TIMEOUT):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer
