"""An HTTP proxy that opens tunnels (RFC 9110, section 9.3.6), as companies have them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest

from tests.support.proxies import Proxy, carrying

#: What the environment has where nobody listens at the proxy: port 9 is that of RFC 863.
DEAD_PROXY: Final = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


#: What gRPC reads of the environment.
VARIABLES: Final = ("grpc_proxy", "https_proxy", "http_proxy", "no_grpc_proxy", "no_proxy")


def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the proxy out of the environment that whoever runs the tests may have."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class ConnectProxy(Proxy):
    """Opens a tunnel to its server for whoever asks, wherever to; `asked` has the hosts and ports asked for.

    With `refusal`, a status line, it opens none.
    """

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.asked: list[str] = []
        self.refusal = ""

    @property
    def url(self) -> str:
        return f"http://{self.target}"

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(request.split()[1])
        writer.write(f"HTTP/1.1 {self.refusal or '200 OK'}\r\n\r\n".encode())
        if not self.refusal:
            await super()._connect(reader, writer)


@asynccontextmanager
async def tunnelling(server: str) -> AsyncIterator[ConnectProxy]:
    """Run a proxy that leads to a server at HOST:PORT, on a port that the kernel chooses."""
    async with carrying(ConnectProxy(server)) as proxy:
        yield proxy
